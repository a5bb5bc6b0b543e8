import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findEntry, loadCatalogue } from '../../../src/scripts/catalogue.ts';
import { runScript, type RunScriptOptions } from '../../../src/scripts/run-script.ts';
import { createRecordedHost, type RecordedHost } from '../../helpers/recorded-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-run-script-'));
afterAll(() => rmSync(directory, { recursive: true }));
const catalogue = await loadCatalogue(join(import.meta.dirname, '../../..'));

const OPTIONS: RunScriptOptions = {
  target: { release: '6.1.0-57-cloud-amd64' },
  values: [],
  json: false,
  seconds: 5,
  signal: new AbortController().signal,
  onLine: () => undefined,
};
const HERE = '/opt/tapprep/systemtap-5.6/bin/stapbpf';

function ok(): object {
  return {};
}

function newHost(): RecordedHost {
  return createRecordedHost(directory, {
    stap: ok,
    rm: ok,
    mv: ok,
    sh: () => ({ stdout: `${directory}\n` }),
    mktemp: () => ({ stdout: '/var/tmp/tapprep-scripts.x\n' }),
    staprun: ok,
    stapbpf: ok,
    [HERE]: ok,
  });
}

async function commandsOf(name: string, options: Partial<RunScriptOptions>): Promise<readonly (readonly string[])[]> {
  const host = newHost();
  await runScript(host, findEntry(catalogue, name), { ...OPTIONS, ...options });
  return host.commands;
}

/** The words behind the script, and what was started with the result. */
function briefly(commands: readonly (readonly string[])[]): readonly string[] {
  const stap = commands.find(([program]) => program === 'stap') ?? [];
  const runner = commands.find(([program = '']) => /(?:^|\/)stap(?:run|bpf)$/.test(program)) ?? [];
  const words = stap.slice(stap.indexOf('script.stp') + 1).join(' ');
  return [stap.includes('--bpf') ? 'bpf' : 'module', words, runner[0] ?? '', runner.at(-1)?.split('.').at(-1) ?? ''];
}

test('by a module, or by the bpf runtime: each has its text, its first word and what runs it', async () => {
  expect(briefly(await commandsOf('tcp-connect', {}))).toEqual(['module', '0', 'staprun', 'ko']);
  expect(briefly(await commandsOf('tcp-connect', { json: true }))).toEqual(['module', '1', 'staprun', 'ko']);
  expect(briefly(await commandsOf('tcp-connect', { runtime: 'bpf' }))).toEqual(['bpf', '1', 'stapbpf', 'bo']);
  const portable = { runtime: 'bpf', staprunArgv: [HERE.replace('stapbpf', 'staprun')] } as const;
  expect(briefly(await commandsOf('tcp-connect', portable))).toEqual(['bpf', '1', HERE, 'bo']);
});

test('under lockdown=confidentiality a script runs without memory, or says why it does not', async () => {
  const locked = { runtime: 'bpf', lockdown: 'confidentiality' } as const;
  expect(briefly(await commandsOf('process-exec-exit', locked))).toEqual(['bpf', '0', 'stapbpf', 'bo']);
  await expect(commandsOf('tcp-connect', locked)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('under lockdown=confidentiality no bpf program may read') as unknown,
  });
});

test('what has no form for the bpf runtime, and JSON, are refused before anything is compiled', async () => {
  for (const [name, json, words] of [
    ['icmp', false, 'icmp cannot run by the bpf runtime here, because it reads packets'],
    ['tcp-accept', true, '--json was given'],
  ] as const) {
    const host = newHost();
    const run = runScript(host, findEntry(catalogue, name), { ...OPTIONS, runtime: 'bpf', json });
    await expect(run).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(words) as unknown });
    expect(host.commands).toEqual([]);
  }
});
