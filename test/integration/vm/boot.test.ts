import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TapprepError } from '../../../src/errors.ts';
import { createLocalHost } from '../../../src/host/local.ts';
import { bootInVm } from '../../../src/vm/boot.ts';
import { findVmTools } from '../../../src/vm/host-tools.ts';
import { machineFor } from '../../../src/vm/machines.ts';
import { runModulesInVm } from '../../../src/vm/run-modules.ts';
import { buildTinyKernel } from '../../helpers/tiny-kernel.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-boot-'));
const module = join(directory, 'module.ko');
beforeAll(() => writeFileSync(module, 'no module'));
afterAll(() => rmSync(directory, { recursive: true }));

async function failedBoot(
  kernelImage: string,
  signal = new AbortController().signal,
  boot: typeof bootInVm = bootInVm,
  bootTimeoutMs = 60_000,
): Promise<TapprepError> {
  const own = mkdtempSync(join(directory, 'boot-'));
  const error: unknown = await boot({
    kernelImage,
    tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
    staprun: { files: [], starters: [], argv: ['/bin/true'], env: {} },
    jobs: [{ name: 'job', modulePath: module, timeoutMs: 1000 }],
    memoryMb: 64,
    bootTimeoutMs,
    temporaryDirectory: own,
    signal,
    emit: () => undefined,
  }).catch((caught: unknown) => caught);
  if (!(error instanceof TapprepError)) throw new Error('the boot did not fail', { cause: error });
  expect(readdirSync(own)).toEqual([]);
  expect(processesWith(own)).toEqual([]);
  return error;
}

/** Processes whose command line names something in `path`. */
function processesWith(path: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`${path}/vm-`));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}

test('a guest that crashes on the way is told with the last lines of its console', async () => {
  const image = buildTinyKernel(directory, 'crash', {
    console: 'starting\r\nKernel panic: no init\r\n',
    ending: 'crash',
  });
  const error = await failedBoot(image);
  expect(error.code).toBe('VM_FAILED');
  expect(error.message).toBe(
    `the virtual machine with ${image} ended before its init ran, its last words were "Kernel panic: no init"`,
  );
  expect(error.facts['console']).toContain('starting\nKernel panic: no init');
});

test('two guests that crash are told as one, and nothing of either is left', async () => {
  const image = buildTinyKernel(directory, 'both', { console: 'Kernel panic: no init\r\n', ending: 'crash' });
  const error = await failedBoot(image, undefined, (options) =>
    runModulesInVm({ ...options, jobs: [...options.jobs, ...options.jobs] }, 2),
  );
  expect([error.code, error.facts['kernelImage']]).toEqual(['VM_FAILED', image]);
});

// Both only wait.
test.concurrent('a guest that hangs is ended after its time', async () => {
  const image = buildTinyKernel(directory, 'hang', { console: 'waiting for ever\r\n', ending: 'hang' });
  const error = await failedBoot(image, undefined, undefined, 5000);
  expect(error.code).toBe('VM_FAILED');
  // The time is measured: a busy machine takes longer.
  expect(error.message.replace(/after \d+ s/, 'after N s')).toBe(
    `the virtual machine with ${image} was still silent after N s, its last words were "waiting for ever"`,
  );
  expect(error.facts['console']).toContain('waiting for ever');
});

test.concurrent('reports of a guest that does not know the nonce are not believed', async () => {
  const report = ['', '@0 0 boot', '@0 1 start 0', '@0 2 end 0 ended 0 1 10 0 0 seen', '@0 3 done', ''].join('\n');
  const image = buildTinyKernel(directory, 'forge', { console: '', report, ending: 'hang' });
  const error = await failedBoot(image, undefined, undefined, 4000);
  expect(error.code).toBe('VM_FAILED');
  expect(error.message).toMatch(/was still silent after \d+ s/);
});

test('what is no kernel is told in the words of QEMU', async () => {
  const image = join(directory, 'text');
  writeFileSync(image, 'no kernel');
  const error = await failedBoot(image);
  expect(error.code).toBe('VM_FAILED');
  expect(String(error.facts['qemu'])).toMatch(/kernel/);
});

const bootOther: typeof bootInVm = (options) =>
  bootInVm({ ...options, tools: { ...options.tools, machine: machineFor('aarch64') } });

test('a QEMU without the machine of the kernel says so', async () => {
  const image = buildTinyKernel(directory, 'other-machine', { console: '', ending: 'hang' });
  const error = await failedBoot(image, undefined, bootOther);
  expect(error.code).toBe('VM_FAILED');
  expect(error.message).toContain('Use -machine help');
});

test('an abort ends the guest at once', async () => {
  const image = buildTinyKernel(directory, 'hang2', { console: '', ending: 'hang' });
  // Without the abort it would end by its own time limit, and as VM_FAILED.
  const error = await failedBoot(image, AbortSignal.timeout(500));
  expect(error.code).toBe('INTERRUPTED');
});

test('no guest outlives a process that is killed with SIGKILL', async () => {
  const image = buildTinyKernel(directory, 'hang3', { console: '', ending: 'hang' });
  const script = `
    import { bootInVm } from ${JSON.stringify(join(process.cwd(), 'src/vm/boot.ts'))};
    import { machineFor } from ${JSON.stringify(join(process.cwd(), 'src/vm/machines.ts'))};
    await bootInVm({
      kernelImage: ${JSON.stringify(image)},
      tools: { machine: machineFor('x86_64'), qemu: 'qemu-system-x86_64', busybox: '/bin/busybox' },
      staprun: { files: [], starters: [], argv: ['/bin/true'], env: {} },
      jobs: [],
      memoryMb: 64,
      temporaryDirectory: ${JSON.stringify(directory)},
      signal: new AbortController().signal,
      emit() {},
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  const closed = once(child, 'close');
  await waitUntil(() => processesWith(directory).length > 0);
  child.kill('SIGKILL');
  await closed;
  await waitUntil(() => processesWith(directory).length === 0);
  expect(processesWith(directory)).toEqual([]);
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith('vm-')))
    rmSync(join(directory, name), { recursive: true });
});

async function waitUntil(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 800 && !condition(); tries += 1) await sleep(50);
  expect(condition()).toBe(true);
}
