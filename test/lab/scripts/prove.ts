/**
 * Compiles scripts of the catalogue in a root and proves them in its kernel, without the rest of the ladder.
 *
 *   node test/lab/scripts/prove.ts --root DIR --distro ID:VERSION --kernel RELEASE --image VMLINUZ --modules DIR
 *     [--portable PREFIX --staprun-root DIR] [--output] [--record] [NAME...]
 *
 * PREFIX is a relocatable SystemTap below the root; its staprun for the guest is taken from the system in DIR.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { declareTarget } from '../../../src/detect/target.ts';
import { createLocalHost } from '../../../src/host/local.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { findEntry, loadCatalogue } from '../../../src/scripts/catalogue.ts';
import { toVerifyScript } from '../../../src/scripts/verify-script.ts';
import { compileItems } from '../../../src/verify/compile-items.ts';
import { HELLO_ITEM, probeItems, scriptItems } from '../../../src/verify/items.ts';
import { hasIpv6 } from '../../../src/verify/kernel-ipv6.ts';
import { loadItems } from '../../../src/verify/load-items.ts';
import type { VerifyOptions } from '../../../src/verify/options.ts';
import { findVmTools } from '../../../src/vm/host-tools.ts';
import { collectInstalledStaprun } from '../../../src/vm/staprun.ts';
import { recordResults } from './record.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string', default: '' },
    distro: { type: 'string', default: '' },
    kernel: { type: 'string', default: '' },
    image: { type: 'string', default: '' },
    modules: { type: 'string' },
    portable: { type: 'string' },
    'staprun-root': { type: 'string' },
    record: { type: 'boolean', default: false },
    output: { type: 'boolean', default: false },
  },
});
const [distro = '', version = ''] = values.distro.split(':');
const target = declareTarget({ distro, version, kernel: values.kernel, arch: 'x86_64', unameV: null });
const host = createRootHost(values.root);
const catalogue = await loadCatalogue(join(import.meta.dirname, '../../..'));
const entries = positionals.length === 0 ? catalogue : positionals.map((name) => findEntry(catalogue, name));
const temporaryDirectory = await mkdtemp(join(values.root, '../prove-'));
const workDirectory = (await host.run(['mktemp', '-d', '/var/tmp/tapprep-prove.XXXXXX'])).stdout.trim();
const prefix = values.portable;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const options: VerifyOptions = {
  target,
  host,
  where: 'vm',
  vm: {
    tools: await findVmTools(createLocalHost()),
    kernelImage: values.image,
    temporaryDirectory,
    ...(values.modules === undefined ? {} : { modulesDirectory: values.modules }),
    ...(values['staprun-root'] === undefined
      ? {}
      : { staprun: await collectInstalledStaprun(createRootHost(values['staprun-root'])) }),
  },
  level: 'scripts',
  scripts: entries.map((entry) => toVerifyScript(entry)),
  ...(prefix === undefined
    ? {}
    : {
        stapArgv: [`${prefix}/lib/ld-linux-x86-64.so.2`, '--library-path', `${prefix}/lib`, `${prefix}/bin/stap`],
        env: {
          SYSTEMTAP_RUNTIME: `${prefix}/share/systemtap/runtime`,
          SYSTEMTAP_TAPSET: `${prefix}/share/systemtap/tapset`,
        },
      }),
  workDirectory,
  cacheDirectory: '/var/cache/tapprep/stap',
  sleep: async () => undefined,
  signal: new AbortController().signal,
  emit: (event) => {
    if (event.type === 'note') say(`  ${event.text}`);
  },
};
// The only rung that decides what a script prints.
const rungs = probeItems('probe', '/bin/true').filter(({ step }) => step === 'kernel.function');
const started = performance.now();
try {
  const compiled = await compileItems(
    options,
    [HELLO_ITEM, ...rungs, ...scriptItems(options, await hasIpv6(host, target.release))],
    true,
  );
  say(`compiled after ${Math.round((performance.now() - started) / 1000)} s`);
  const loaded = await loadItems(options, compiled, []);
  for (const { step, status, reason, seconds, output } of loaded.steps) {
    say(`${status.padEnd(5)} ${step.padEnd(26)} ${String(seconds).padStart(6)} s  ${reason ?? ''}`);
    if (values.output || status === 'fail') say(output.replaceAll(/^/gm, '        '));
  }
  if (values.record) {
    const stap = await host.run([...(options.stapArgv ?? ['stap']), '-V'], { env: options.env ?? {} });
    const systemtap = /version (\d+\.\d+)/.exec(`${stap.stdout}${stap.stderr}`)?.[1] ?? 'unknown';
    const date = new Date().toISOString().slice(0, 10);
    recordResults({ kernel: target.release, arch: target.arch, systemtap, date }, loaded.steps);
  }
  say(`all after ${Math.round((performance.now() - started) / 1000)} s`);
} finally {
  await host.run(['rm', '-rf', '--', workDirectory]);
  await rm(temporaryDirectory, { recursive: true, force: true });
}
