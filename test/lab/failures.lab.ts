/** Real failures of SystemTap, each made on purpose, and what is made of their real output. Debian 11 to 13. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identifyTarget } from '../../src/detect/target.ts';
import { checkFacts } from '../../src/diagnose/check-facts.ts';
import type { DiagnosisCode } from '../../src/diagnose/codes.ts';
import type { HostFacts } from '../../src/types.ts';
import {
  explain,
  factsOf,
  HELLO,
  inRoot,
  keepModule,
  type KernelOptions,
  type KernelRun,
  loadModules,
  machineOf,
  runAsNobody,
  runStap,
} from '../helpers/failure-lab.ts';
import { prepareLabRoot } from '../helpers/lab-root.ts';
import { overlayRoot } from '../helpers/overlay-root.ts';

const R = '5.10.0-32-cloud-amd64';
const HEADERS = `/usr/src/linux-headers-${R}`;
const COMPILE_H = `${HEADERS}/include/generated/compile.h`;
const debian11 = prepareLabRoot('bullseye', R);
const debian12 = prepareLabRoot('bookworm', null);
const debian13 = prepareLabRoot('trixie', null);
const directory = mkdtempSync('/var/tmp/tapprep-failures-');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

// What every kernel is asked by the first module that is built for it is kept in stap's cache, a minute on a busy machine.
beforeAll(async () => {
  hello = keepModule(await runStap(debian11.root, ['-r', R, '-m', 'hello', ...HELLO]), directory);
});
let hello: string;

/** The code that comes first, and all of them for the message of a test that fails. */
function firstCode(log: string, facts: HostFacts | null = null): string {
  const diagnoses = explain(log, facts);
  return diagnoses[0]?.code ?? `nothing in:\n${log}`;
}

/** Codes of the checks that found a problem without any log. */
function problems(facts: HostFacts): readonly string[] {
  const findings = checkFacts(facts, identifyTarget(facts));
  return findings.flatMap(({ status, diagnosis }) => (status === 'problem' && diagnosis ? [diagnosis.code] : []));
}

interface Break {
  readonly name: string;
  readonly code: DiagnosisCode;
  /** Shell text, run in the root. */
  readonly how: string;
  /** Of stap; hello world where nothing is said. */
  readonly script?: readonly string[];
  /** What the log alone says, where only the machine tells the cause. */
  readonly withoutFacts?: DiagnosisCode;
  /** The checks of doctor cannot see this one in a root. */
  readonly onlyInLog?: true;
}

const BREAKS: readonly Break[] = [
  { name: 'kernel-devel is missing', code: 'DEVEL_MISSING', how: `dpkg -P linux-headers-${R}` },
  {
    name: 'the build tree lacks its configuration',
    code: 'DEVEL_INCOMPLETE',
    how: `rm ${HEADERS}/.config`,
    withoutFacts: 'DEVEL_MISSING',
  },
  { name: 'the build tree lacks its symbol versions', code: 'DEVEL_INCOMPLETE', how: `rm ${HEADERS}/Module.symvers` },
  { name: 'the build tree lacks its Makefile', code: 'DEVEL_INCOMPLETE', how: `rm ${HEADERS}/Makefile` },
  {
    name: 'the build tree lacks its common half',
    code: 'DEVEL_INCOMPLETE',
    how: 'rm -r /usr/src/linux-headers-5.10.0-32-common',
  },
  {
    name: 'kernel debuginfo is missing',
    code: 'DEBUGINFO_MISSING',
    how: ':',
    script: ['-e', 'probe kernel.function("vfs_read") { exit() }'],
  },
  {
    name: 'the compiler is missing',
    code: 'GCC_OR_BUILD_MISMATCH',
    how: 'dpkg -P --force-depends gcc gcc-10',
  },
  { name: 'make is missing', code: 'GCC_OR_BUILD_MISMATCH', how: 'dpkg -P --force-depends make' },
  { name: 'there is no tapset', code: 'STAP_INSTALL_BROKEN', how: 'rm -r /usr/share/systemtap/tapset' },
  {
    name: 'there is no runtime',
    code: 'STAP_INSTALL_BROKEN',
    how: 'rm -r /usr/share/systemtap/runtime',
    onlyInLog: true,
  },
  { name: 'stap is missing', code: 'STAP_INSTALL_BROKEN', how: 'dpkg -P --force-depends systemtap' },
  {
    name: 'a library of stap is missing',
    code: 'STAP_INSTALL_BROKEN',
    how: 'dpkg -P --force-depends libdw1',
    onlyInLog: true,
  },
];

describe('a root that is broken', () => {
  test.each(BREAKS)('$name: $code', async ({ code, how, script = HELLO, withoutFacts = code, onlyInLog }) => {
    const broken = overlayRoot(debian11.root, directory);
    try {
      inRoot(broken.root, how);
      const { log, module } = await runStap(broken.root, ['-r', R, '-m', 'broken', ...script]);
      const facts = await factsOf(broken.root, R);
      expect(module).toBeNull();
      expect(firstCode(log)).toBe(withoutFacts);
      expect(firstCode(log, facts)).toBe(code);
      expect(problems(facts).includes(code)).toBe(onlyInLog !== true);
    } finally {
      broken.close();
    }
  });

  test('kernel-devel is that of another version: DEVEL_VERSION_MISMATCH', async () => {
    const older = debian12.release.replace(/-\d+-/, '-9-');
    const { log } = await runStap(debian12.root, ['-r', older, ...HELLO]);
    const facts = await factsOf(debian12.root, older);
    expect(firstCode(log, facts)).toBe('DEVEL_VERSION_MISMATCH');
    expect(explain(log, facts)[0]?.cause).toContain(debian12.release);
    expect(problems(facts)).toContain('DEVEL_VERSION_MISMATCH');
  });

  test('stap does not know the kernel: STAP_TOO_OLD', async () => {
    const { log } = await runStap(debian12.root, ['-r', debian12.release, '-m', 'old', ...HELLO]);
    expect(log).toContain('stp_task_work.c');
    expect(firstCode(log)).toBe('STAP_TOO_OLD');
    expect(firstCode(log, await factsOf(debian12.root, debian12.release))).toBe('STAP_TOO_OLD');
  });

  test.each([
    ['stap', `stap -e 'probe begin { exit() }'`],
    ['staprun', 'staprun hello.ko'],
  ])('a user in none of the groups runs %s: PERM_GROUPS', async (_program, command) => {
    expect(firstCode(await runAsNobody(debian11.root, command))).toBe('PERM_GROUPS');
  });

  test.each([
    ['without an inode left', 'nr_inodes=1'],
    ['full when the module is compiled', 'size=48k'],
  ])('TMPDIR is %s: NO_SPACE', async (_how, size) => {
    const small = overlayRoot(debian11.root, directory);
    const full = join(small.root, 'full');
    mkdirSync(full);
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', full]);
    try {
      const { log } = await runStap(small.root, ['-r', R, '-m', 'full', ...HELLO], { TMPDIR: '/full' });
      expect(firstCode(log)).toBe('NO_SPACE');
    } finally {
      execFileSync('umount', [full]);
      small.close();
    }
  });
});

/** Debian 11's kernel and staprun, but for what is said. */
function kernel(more: Partial<KernelOptions> = {}): KernelOptions {
  return {
    kernelImage: debian11.kernelImage,
    staprunOf: debian11.root,
    temporaryDirectory: directory,
    ...more,
  };
}

async function loadHello(more: Partial<KernelOptions> = {}): Promise<KernelRun> {
  const [run] = await loadModules([hello], kernel(more));
  if (run === undefined) throw new Error('the guest did not report');
  expect(run.exitStatus).toBe(1);
  return run;
}

describe('a kernel that refuses', () => {
  test('nothing of the sort where nothing is wrong', async () => {
    const [run] = await loadModules([hello], kernel());
    expect(run).toMatchObject({ exitStatus: 0, log: 'Hello, World\n' });
  });

  test('module signing enforced: SECUREBOOT_SIGNATURE', async () => {
    const { log, kernelLog, facts } = await loadHello({ kernelArguments: ['module.sig_enforce=1'] });
    expect(firstCode(log)).toBe('SECUREBOOT_SIGNATURE');
    expect(firstCode(kernelLog)).toBe('SECUREBOOT_SIGNATURE');
    expect(facts.security.moduleSigEnforce).toBe(true);
    expect(problems(machineOf(await factsOf(debian11.root, R), facts))).toContain('SECUREBOOT_SIGNATURE');
  });

  test('lockdown=integrity: SECUREBOOT_SIGNATURE', async () => {
    const { log, kernelLog, facts } = await loadHello({ kernelArguments: ['lockdown=integrity'] });
    expect(firstCode(log)).toBe('SECUREBOOT_SIGNATURE');
    expect(explain(`${log}${kernelLog}`)[0]).toMatchObject({ code: 'SECUREBOOT_SIGNATURE', confidence: 'certain' });
    expect(facts.security.lockdown).toBe('integrity');
    expect(problems(machineOf(await factsOf(debian11.root, R), facts))).toContain('SECUREBOOT_SIGNATURE');
  });

  test('kernel.modules_disabled=1: SECUREBOOT_SIGNATURE, and it says which policy', async () => {
    const { log, facts } = await loadHello({ setup: 'echo 1 >/proc/sys/kernel/modules_disabled' });
    const machine = machineOf(await factsOf(debian11.root, R), facts);
    expect(firstCode(log)).toBe('SECUREBOOT_SIGNATURE');
    expect(explain(log, machine)[0]?.cause).toContain('kernel.modules_disabled is 1');
    expect(problems(machine)).toContain('SECUREBOOT_SIGNATURE');
  });

  test('a module of another kernel: DEVEL_VERSION_MISMATCH', async () => {
    const { log, kernelLog } = await loadHello({ kernelImage: debian12.kernelImage });
    expect(log).toContain('Invalid module format');
    expect(explain(log).map(({ code }) => code)).toContain('DEVEL_VERSION_MISMATCH');
    expect(firstCode(`${log}${kernelLog}`)).toBe('DEVEL_VERSION_MISMATCH');
  });

  test('staprun of another era: STAPRUN_VERSION_MISMATCH', async () => {
    const { log } = await loadHello({ staprunOf: debian13.root });
    expect(firstCode(log)).toBe('STAPRUN_VERSION_MISMATCH');
  });

  test('kernel-devel of another build, and then its module from the cache', async () => {
    const broken = overlayRoot(debian11.root, directory);
    try {
      inRoot(broken.root, `sed -i 's/(2024-08-10)/(2024-08-11)/' ${COMPILE_H}`);
      const first = await runStap(broken.root, ['-r', R, ...HELLO]);
      const foreign = await factsOf(broken.root, R);
      const vendor = keepModule(first, directory);
      inRoot(broken.root, `sed -i 's/(2024-08-11)/(2024-08-10)/' ${COMPILE_H}`);
      const second = await runStap(broken.root, ['-r', R, ...HELLO]);
      const mended = await factsOf(broken.root, R);
      const [refused, again] = await loadModules([vendor, keepModule(second, directory)], kernel());
      if (refused === undefined || again === undefined) throw new Error('the guest did not report');

      expect(firstCode(refused.log)).toBe('DEVEL_VENDOR_MISMATCH');
      const machine = machineOf(foreign, refused.facts);
      expect(firstCode(`${first.log}${refused.log}`, machine)).toBe('DEVEL_VENDOR_MISMATCH');
      expect(problems(machine)).toContain('DEVEL_VENDOR_MISMATCH');

      expect(second.log).toContain('Pass 4: using cached');
      const repaired = machineOf(mended, again.facts);
      expect(firstCode(`${second.log}${again.log}`, repaired)).toBe('STALE_CACHE');
      expect(problems(repaired)).not.toContain('DEVEL_VENDOR_MISMATCH');
    } finally {
      broken.close();
    }
  });
});
