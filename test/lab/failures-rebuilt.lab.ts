/** Real failures that need kernels of one's own: another build of the same release, and one without an option. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { identifyTarget } from '../../src/detect/target.ts';
import { checkFacts } from '../../src/diagnose/check-facts.ts';
import type { HostFacts } from '../../src/types.ts';
import {
  explain,
  factsOf,
  HELLO,
  keepModule,
  type KernelRun,
  loadModules,
  machineOf,
  runStap,
} from '../helpers/failure-lab.ts';
import { prepareLabRoot } from '../helpers/lab-root.ts';
import { type OverlayRoot, overlayRoot } from '../helpers/overlay-root.ts';

const here = join(import.meta.dirname, 'rpm');
const kernel = join(process.env['TAPPREP_LAB_CACHE'] ?? join(homedir(), '.cache/tapprep-lab'), 'kernel');
const tree = join(kernel, 'tree');
const debian13 = prepareLabRoot('trixie', null);
const directory = mkdtempSync('/var/tmp/tapprep-rpm-failures-');
const OTHER_BUILD = 'Wed Nov  4 10:00:00 UTC 2026';
const KERNEL_FUNCTION = ['-e', 'probe kernel.function("vfs_read").call { println("vfs_read") exit() }'] as const;
let release: string;
let system: OverlayRoot;
let modules: string;

beforeAll(() => {
  execFileSync('sh', [join(here, 'build-kernel.sh'), kernel], { stdio: 'inherit' });
  release = readFileSync(join(kernel, 'release'), 'utf8').trim();
  vary(
    'rebuilt',
    `KBUILD_BUILD_TIMESTAMP='${OTHER_BUILD}' KBUILD_BUILD_HOST=other.example KBUILD_BUILD_USER=builder make -s bzImage`,
  );
  const options = ['KPROBES', 'OPTPROBES', 'KPROBE_EVENTS', 'UPROBE_EVENTS'].map((name) => `-d ${name}`).join(' ');
  vary('no-kprobes', `scripts/config ${options} && make -s olddefconfig modules_prepare`);
  mkdirSync(join(directory, 'stripped/upper'), { recursive: true });
  execFileSync('strip', ['--strip-debug', '-o', join(directory, 'stripped/upper/vmlinux'), join(tree, 'vmlinux')]);
  system = overlayRoot(debian13.root, directory);
  // A link into /usr/lib on Debian: the file itself is replaced.
  rmSync(join(system.root, 'etc/os-release'));
  writeFileSync(
    join(system.root, 'etc/os-release'),
    'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n',
  );
  modules = join(system.root, 'lib/modules', release);
  mkdirSync(join(modules, 'build'), { recursive: true });
}, 1_800_000);

afterEach(() => {
  execFileSync('umount', [join(modules, 'build')]);
});
afterAll(() => {
  system.close();
  rmSync(directory, { recursive: true, force: true });
});

function vary(name: string, command: string): void {
  execFileSync('sh', [join(here, 'vary-kernel.sh'), tree, join(directory, name), command], { stdio: 'inherit' });
}

/** Makes the tree, or one that was varied, the build tree of the system. */
function useTree(variant: 'rebuilt' | 'no-kprobes' | 'stripped' | null): void {
  const place = join(modules, 'build');
  const upper = join(directory, variant ?? '', 'upper');
  execFileSync(
    'mount',
    variant === null ? ['--bind', tree, place] : ['-t', 'overlay', 'overlay', '-o', `lowerdir=${upper}:${tree}`, place],
  );
}

/** Compiles a script against the build tree and loads it into the kernel as it was first built. */
async function compileAndLoad(name: string, args: readonly string[]): Promise<{ log: string; run: KernelRun }> {
  const compiled = await runStap(system.root, ['-r', release, '-m', name, ...args]);
  const [run] = await loadModules([keepModule(compiled, directory)], {
    kernelImage: join(tree, 'arch/x86/boot/bzImage'),
    staprunOf: system.root,
    temporaryDirectory: directory,
  });
  if (run === undefined) throw new Error('the guest did not report');
  return { log: `${compiled.log}${run.log}`, run };
}

function problems(facts: HostFacts): readonly string[] {
  const findings = checkFacts(facts, identifyTarget(facts));
  return findings.flatMap(({ status, diagnosis }) => (status === 'problem' && diagnosis ? [diagnosis.code] : []));
}

test('stap -g on a kernel with symbol versions: GURU_MODVERSIONS', async () => {
  useTree(null);
  const { log, run } = await compileAndLoad('guru', ['-g', ...HELLO]);
  expect(log).toContain('Invalid module format');
  expect(explain(`# stap -g hello.stp\n${log}`)[0]?.code).toBe('GURU_MODVERSIONS');
  expect(explain(`${log}${run.kernelLog}`)[0]?.code).toBe('GURU_MODVERSIONS');
});

test("kernel-devel and debuginfo of another vendor's build of the same release", async () => {
  useTree('rebuilt');
  const { log, run } = await compileAndLoad('rebuilt', KERNEL_FUNCTION);
  expect(run.exitStatus).not.toBe(0);
  expect(log).toContain('Build-id mismatch');
  expect(explain(log)[0]?.code).toBe('DEBUGINFO_VERSION_MISMATCH');
  const facts = machineOf(await factsOf(system.root, release), run.facts);
  expect(facts.kernel.unameV).not.toContain(OTHER_BUILD);
  expect(facts.buildTree?.utsVersion).toContain(OTHER_BUILD);
  expect(problems(facts)).toEqual(expect.arrayContaining(['DEVEL_VENDOR_MISMATCH']));
});

test('vmlinux without debug information: DEBUGINFO_UNUSABLE', async () => {
  useTree('stripped');
  // Symbols suffice for a function, not for its parameters.
  const withParameter = ['-e', 'probe kernel.function("vfs_read") { println($count) exit() }'];
  const { log, module } = await runStap(system.root, ['-r', release, '-m', 'stripped', ...withParameter]);
  expect(module).toBeNull();
  expect(explain(log)[0]?.code).toBe('DEBUGINFO_UNUSABLE');
  const facts = await factsOf(system.root, release);
  expect(explain(log, facts)[0]?.code).toBe('DEBUGINFO_UNUSABLE');
  expect(problems(facts)).toContain('DEBUGINFO_UNUSABLE');
});

test('a kernel without CONFIG_KPROBES: KERNEL_CONFIG', async () => {
  useTree('no-kprobes');
  const { log, module } = await runStap(system.root, ['-r', release, '-m', 'kprobes', ...HELLO]);
  expect(module).toBeNull();
  expect(explain(log)[0]?.code).toBe('KERNEL_CONFIG');
  const facts = await factsOf(system.root, release);
  expect(problems(facts)).toContain('KERNEL_CONFIG');
});
