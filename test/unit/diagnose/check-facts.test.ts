import { describe, expect, it } from 'vitest';
import { identifyTarget } from '../../../src/detect/target.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { checkFacts } from '../../../src/diagnose/check-facts.ts';
import type { DiagnosisCode } from '../../../src/diagnose/codes.ts';
import type { Finding } from '../../../src/diagnose/finding.ts';
import { judgeReadiness } from '../../../src/diagnose/readiness.ts';
import type { HostFacts, Target } from '../../../src/types.ts';
import { alter, DEBIAN12, EL9, EL9_RELEASE, installedRpm, OTHER_ID } from './sample-facts.ts';

function targetOf(facts: HostFacts): Target | null {
  try {
    return identifyTarget(facts);
  } catch (error) {
    if (isTapprepError(error)) return null;
    throw error;
  }
}

const check = (facts: HostFacts): readonly Finding[] => checkFacts(facts, targetOf(facts));
const codes = (facts: HostFacts, status: string): readonly string[] =>
  check(facts).flatMap((finding) => (finding.status === status ? [finding.diagnosis?.code ?? ''] : []));
const verdict = (facts: HostFacts) => judgeReadiness(facts, check(facts));

interface Broken {
  readonly name: string;
  readonly facts: HostFacts;
  readonly code: DiagnosisCode;
  readonly commands: readonly string[];
}

const NEWER = '5.14.0-503.40.1.el9_5';
const noTree = {
  exists: false,
  hasConfig: false,
  hasModuleSymvers: false,
  hasMakefile: false,
  release: null,
  utsVersion: null,
};
const user = { uid: 1000, name: 'dev', groups: ['dev'] };

const BROKEN: readonly Broken[] = [
  {
    name: 'no build tree',
    code: 'DEVEL_MISSING',
    facts: alter(EL9, { buildTree: null, kernelPackages: [installedRpm('kernel-core')] }),
    commands: ['tapprep install'],
  },
  {
    name: 'a dangling build link, the newer package installed',
    code: 'DEVEL_VERSION_MISMATCH',
    facts: alter(EL9, {
      buildTree: noTree,
      kernelPackages: [installedRpm('kernel-core'), installedRpm('kernel-devel', NEWER)],
    }),
    commands: ['tapprep install'],
  },
  {
    name: 'the debug variant only',
    code: 'WRONG_VARIANT',
    facts: alter(EL9, {
      buildTree: noTree,
      kernelPackages: [installedRpm('kernel-core'), installedRpm('kernel-debug-devel')],
    }),
    commands: ['tapprep install'],
  },
  {
    name: 'no Module.symvers',
    code: 'DEVEL_INCOMPLETE',
    facts: alter(EL9, { buildTree: { hasModuleSymvers: false } }),
    commands: ['tapprep install'],
  },
  {
    name: 'a tree of another release',
    code: 'DEVEL_VERSION_MISMATCH',
    facts: alter(EL9, { buildTree: { release: `${NEWER}.x86_64` } }),
    commands: ['tapprep install'],
  },
  {
    name: 'a tree of another build',
    code: 'DEVEL_VENDOR_MISMATCH',
    facts: alter(EL9, { buildTree: { utsVersion: '#1 SMP Tue Nov 12 01:00:00 UTC 2024' } }),
    commands: ['tapprep install'],
  },
  {
    name: 'a package of another vendor',
    code: 'DEVEL_VENDOR_MISMATCH',
    facts: alter(EL9, {
      buildTree: { utsVersion: null },
      kernelPackages: [installedRpm('kernel-core'), { ...installedRpm('kernel-devel'), vendor: 'Example Rebuild' }],
    }),
    commands: ['tapprep install'],
  },
  {
    name: 'no debug information',
    code: 'DEBUGINFO_MISSING',
    facts: alter(DEBIAN12, { debuginfo: [], kernelPackages: [] }),
    commands: ['tapprep install'],
  },
  {
    name: 'debug information of the newest kernel',
    code: 'DEBUGINFO_VERSION_MISMATCH',
    facts: alter(EL9, {
      debuginfo: [],
      kernelPackages: [
        installedRpm('kernel-core'),
        installedRpm('kernel-devel'),
        installedRpm('kernel-debuginfo', NEWER),
      ],
    }),
    commands: ['tapprep install'],
  },
  {
    name: 'a build-id that differs',
    code: 'DEBUGINFO_VERSION_MISMATCH',
    facts: alter(EL9, {
      debuginfo: [
        { path: '/usr/lib/debug/vmlinux', sizeBytes: 1, buildId: OTHER_ID, hasDwarf: true, ownerPackage: null },
      ],
    }),
    commands: ['tapprep install'],
  },
  {
    name: 'a stripped vmlinux',
    code: 'DEBUGINFO_UNUSABLE',
    facts: alter(EL9, {
      debuginfo: [
        {
          path: '/usr/lib/debug/vmlinux',
          sizeBytes: 1,
          buildId: EL9.kernel.buildId,
          hasDwarf: false,
          ownerPackage: null,
        },
      ],
    }),
    commands: ['tapprep install'],
  },
  {
    name: 'no SystemTap',
    code: 'STAP_INSTALL_BROKEN',
    facts: alter(EL9, { systemtap: null }),
    commands: ['tapprep install'],
  },
  {
    name: 'an empty tapset',
    code: 'STAP_INSTALL_BROKEN',
    facts: alter(EL9, { systemtap: { tapsetCount: 0 } }),
    commands: ['tapprep install'],
  },
  {
    name: 'no staprun',
    code: 'STAP_INSTALL_BROKEN',
    facts: alter(EL9, { systemtap: { staprunPath: null, staprunVersion: null } }),
    commands: ['tapprep install'],
  },
  {
    name: 'an old staprun',
    code: 'STAPRUN_VERSION_MISMATCH',
    facts: alter(EL9, { systemtap: { staprunVersion: '4.9' } }),
    commands: ['tapprep install'],
  },
  {
    name: 'staprun without its bit',
    code: 'STAP_INSTALL_BROKEN',
    facts: alter(EL9, { systemtap: { staprunMode: '0755' }, user: { ...user, groups: ['dev', 'stapusr', 'stapdev'] } }),
    commands: ['sudo chown root:stapusr /usr/bin/staprun', 'sudo chmod 4110 /usr/bin/staprun', 'tapprep verify'],
  },
  {
    name: 'staprun where no package puts it',
    code: 'STAP_INSTALL_BROKEN',
    facts: alter(EL9, {
      systemtap: { staprunPath: '/home/dev/bin/staprun', staprunMode: '0755' },
      user: { ...user, groups: ['dev', 'stapusr', 'stapdev'] },
    }),
    commands: ['sudo tapprep install'],
  },
  {
    name: 'no compiler',
    code: 'GCC_OR_BUILD_MISMATCH',
    facts: alter(EL9, { compiler: null }),
    commands: ['tapprep install'],
  },
  {
    name: 'no make',
    code: 'GCC_OR_BUILD_MISMATCH',
    facts: alter(DEBIAN12, { make: null }),
    commands: ['tapprep install'],
  },
  {
    name: 'no groups',
    code: 'PERM_GROUPS',
    facts: alter(EL9, { user }),
    commands: ['sudo usermod -aG stapusr,stapdev "$USER"', 'newgrp stapdev', 'tapprep verify'],
  },
  {
    name: 'stapusr only',
    code: 'PERM_GROUPS',
    facts: alter(EL9, { user: { ...user, groups: ['stapusr'] } }),
    commands: ['sudo usermod -aG stapusr,stapdev "$USER"', 'newgrp stapdev', 'tapprep verify'],
  },
  {
    name: 'no room for the build',
    code: 'NO_SPACE',
    facts: alter(EL9, { space: [{ path: '/tmp', freeBytes: 1000, freeInodes: 10_000, writable: true }] }),
    commands: [],
  },
  {
    name: 'TMPDIR not writable',
    code: 'NO_SPACE',
    facts: alter(EL9, { space: [{ path: '/scratch', freeBytes: 0, freeInodes: null, writable: false }] }),
    commands: [],
  },
];

describe('checkFacts', () => {
  it.each([
    ['EL9', EL9],
    ['Debian 12', DEBIAN12],
  ])('finds nothing on a ready %s', (_name, facts) => {
    expect(check(facts).filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(verdict(facts)).toEqual({ ready: true, remedies: [], commands: [], byHand: [] });
  });

  it.each(BROKEN)('$code: $name', ({ facts, code, commands }) => {
    expect(codes(facts, 'problem')).toEqual([code]);
    expect(verdict(facts).ready).toBe(false);
    expect(verdict(facts).commands).toEqual(expect.arrayContaining([...commands]));
    const found = check(facts).find(({ status }) => status === 'problem');
    expect(found?.diagnosis?.evidence.length).toBeGreaterThan(0);
    expect(found?.detail).toMatch(/^\S.*\.$/);
  });

  it.each([
    ['lockdown', { lockdown: 'integrity', secureBoot: true }],
    ['sig_enforce', { moduleSigEnforce: true }],
    ['FIPS', { fips: true }],
    ['modules_disabled', { modulesDisabled: true }],
  ])('tells that modules cannot be loaded: %s', (_name, security) => {
    const facts = alter(EL9, { security });
    expect(codes(facts, 'problem')).toEqual(['SECUREBOOT_SIGNATURE']);
  });

  it('says of a kernel without loadable modules that none will load, as verify does', () => {
    const facts = alter(EL9, { config: { CONFIG_MODULES: 'n' } });
    expect(check(facts).find((finding) => finding.check === 'module loading')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(
        /^An unsigned module will not load, because the kernel was built without loadable modules/u,
      ),
    });
    expect(verdict(facts).ready).toBe(false);
  });

  it.each([
    ['/proc/config.gz', /^zcat \/proc\/config\.gz \| grep -E '[^']+'$/u],
    ['/lib/modules/x/config', /^grep -E '[^']+' \/lib\/modules\/x\/config$/u],
  ])('an option that is off is looked up where it was seen: %s', (configFrom, command) => {
    const facts = alter(EL9, { config: { CONFIG_KPROBES: 'n' }, configFrom });
    const [found] = check(facts).filter(({ diagnosis }) => diagnosis?.code === 'KERNEL_CONFIG');
    expect(found?.diagnosis?.fix).toEqual([expect.stringMatching(command)]);
  });

  it('ends the signing path with the reboot that confirms the key', () => {
    const { commands } = verdict(alter(EL9, { security: { lockdown: 'integrity', secureBoot: true } }));
    expect(commands.at(-1)).toBe('reboot');
    expect(commands.join('\n')).toContain('mokutil --import');
  });

  it.each([
    [
      'a container without the tree of its host',
      alter(EL9, { security: { container: 'docker' }, buildTree: null }),
      'CONTAINER_KERNEL_NOT_IN_IMAGE',
    ],
    [
      'a container on the kernel of another distribution',
      alter(DEBIAN12, { security: { container: 'podman' }, kernel: { release: EL9_RELEASE }, buildTree: null }),
      'CONTAINER_KERNEL_NOT_IN_IMAGE',
    ],
    [
      'WSL',
      alter(DEBIAN12, {
        security: { wsl: true },
        kernel: { release: '5.15.153.1-microsoft-standard-WSL2' },
        buildTree: null,
      }),
      'CUSTOM_KERNEL_NO_PACKAGE',
    ],
    ['a kernel without kprobes', alter(EL9, { config: { CONFIG_KPROBES: 'n' } }), 'KERNEL_CONFIG'],
  ])('offers no command where none can help: %s', (_name, facts, code) => {
    expect(codes(facts, 'problem')).toContain(code);
    expect(verdict(facts).commands).toEqual([]);
    expect(verdict(facts).byHand.length).toBeGreaterThan(0);
  });

  it.each([
    ['pass', 'ok', 'was proven for kernel 6.1'],
    ['skip', 'unknown', 'only compiled a module for kernel 6.1'],
  ] as const)('what tapprep recorded is judged by its hello world (%s), not by a range', (hello, status, said) => {
    const path = '/opt/tapprep/systemtap-4.8-mended-0123456789ab/bin/stap';
    const facts = alter(DEBIAN12, { systemtap: { path, testedKernels: '2.6.32 ... 5.10.0-rc', hello } });
    const found = check(facts).find((finding) => finding.check === 'SystemTap and kernel');
    expect(found).toMatchObject({ status, detail: expect.stringContaining(`${path} ${said}`) });
  });

  it.each([
    ['pass', true, 'advice'],
    ['skip', false, 'problem'],
    [undefined, false, 'problem'],
  ] as const)(
    'without debug information a machine is ready where hello world was proven (%s)',
    (hello, ready, status) => {
      const path = '/opt/tapprep/systemtap-4.8-mended-0123456789ab/bin/stap';
      const systemtap = hello === undefined ? {} : { path, hello };
      const facts = alter(DEBIAN12, { systemtap, debuginfo: [], kernelPackages: [] });
      const found = check(facts).find(({ diagnosis }) => diagnosis?.code === 'DEBUGINFO_MISSING');
      expect(found).toMatchObject({ status, detail: expect.stringContaining('kernel functions') });
      expect(found?.diagnosis?.fix.join('\n')).toContain('linux-image-6.1.0-28-amd64-dbg');
      expect(verdict(facts).ready).toBe(ready);
    },
  );

  it.each([
    [
      'a stap that never saw such a kernel',
      alter(DEBIAN12, { systemtap: { testedKernels: '2.6.32 ... 5.10.0-rc' } }),
      'STAP_TOO_OLD',
    ],
    ['the placeholder of System.map', alter(DEBIAN12, { systemMap: { stub: true } }), 'SYSMAP_STUB'],
    ['no System.map', alter(EL9, { systemMap: null }), 'SYSMAP_MISSING'],
    ['another compiler', alter(EL9, { compiler: { version: '8.5.0' } }), 'GCC_OR_BUILD_MISMATCH'],
    [
      'a newer kernel that waits',
      alter(EL9, { kernel: { installedReleases: [EL9_RELEASE, `${NEWER}.x86_64`] } }),
      'KERNEL_NOT_LATEST_INSTALLED',
    ],
    ['no uprobes', alter(EL9, { config: { CONFIG_UPROBES: 'n' } }), 'KERNEL_CONFIG'],
    [
      'a privileged container that sees its host',
      alter(EL9, { security: { container: 'podman' } }),
      'CONTAINER_KERNEL_NOT_IN_IMAGE',
    ],
  ])('only notes %s', (_name, facts, code) => {
    expect(codes(facts, 'advice')).toEqual([code]);
    expect(verdict(facts).ready).toBe(true);
  });

  it.each([
    ['runs', DEBIAN12, [], [/apt-get install -y linux-image-.*-dbg$/, /^cat \/proc\/kallsyms > \/boot\/System\.map-/]],
    [
      'runs and has its debug package',
      DEBIAN12,
      EL9.debuginfo,
      [/cp \/usr\/lib\/debug\/boot\/System\.map-\S+ \/boot\/System\.map-/],
    ],
    [
      'is that of a root: never the table of the machine that tapprep runs on',
      { ...DEBIAN12, source: 'root' as const, root: '/srv/image' },
      [],
      [
        /chroot \/srv\/image apt-get update$/,
        /apt-get install -y linux-image-.*-dbg$/,
        /chroot \/srv\/image cp \/usr\/lib\/debug\/boot\/System\.map-/,
      ],
    ],
  ])('the symbol table of a kernel that %s', (_name, facts, debuginfo, wanted) => {
    const finding = checkFacts({ ...facts, debuginfo, systemMap: null }, null).find(
      ({ diagnosis }) => diagnosis?.code === 'SYSMAP_MISSING',
    );
    const fix = finding?.diagnosis?.fix ?? [];
    expect(fix).toHaveLength(wanted.length);
    for (const [index, pattern] of wanted.entries()) expect(fix[index]).toMatch(pattern);
  });

  it('collects all findings, and one install mends what is installable', () => {
    const facts = alter(EL9, {
      buildTree: null,
      debuginfo: [],
      systemtap: null,
      compiler: null,
      make: null,
      kernelPackages: [],
      user: { ...user, groups: [] },
    });
    expect(codes(facts, 'problem')).toEqual([
      'STAP_INSTALL_BROKEN',
      'PERM_GROUPS',
      'DEVEL_MISSING',
      'GCC_OR_BUILD_MISMATCH',
      'GCC_OR_BUILD_MISMATCH',
      'DEBUGINFO_MISSING',
    ]);
    expect(verdict(facts).commands).toEqual([
      'sudo tapprep install',
      'sudo usermod -aG stapusr,stapdev "$USER"',
      'newgrp stapdev',
    ]);
  });

  it.each([
    [['users'], 'dev is not root, and not in stapusr and stapdev.'],
    [['stapusr'], 'dev is not root, and in stapusr but not in stapdev.'],
  ])('says which groups a user lacks who is in %s', (groups, said) => {
    const [found] = check(alter(EL9, { user: { ...user, groups } })).filter((one) => one.check === 'user');
    expect(found?.detail).toBe(said);
  });

  const image = { source: 'root', root: '/srv/image', buildTree: null, debuginfo: [], systemtap: null } as const;
  it.each([
    [
      'no kernel',
      { kernel: { release: null, running: false, installedReleases: [] } },
      /^No kernel is installed, and none was named/u,
    ],
    [
      'two kernels',
      { kernel: { release: null, running: false, installedReleases: ['6.1.0-28-amd64', '6.1.0-30-amd64'] } },
      /^The kernels 6\.1\.0-28-amd64, 6\.1\.0-30-amd64 are installed, and none was named/u,
    ],
    [
      'a release with a typing error',
      { kernel: { release: '6.1.0-57-cloud-amd46', running: false, installedReleases: [] } },
      /^Kernel 6\.1\.0-57-cloud-amd46 is not installed, and no table/u,
    ],
  ])('prints no install that would be refused: an image with %s', (_name, own, said) => {
    const facts = alter(DEBIAN12, { ...image, ...own, kernelPackages: [] });
    expect(JSON.stringify([verdict(facts), check(facts)])).not.toContain('tapprep install');
    expect(verdict(facts)).toMatchObject({ ready: false, commands: [], byHand: [expect.stringMatching(said)] });
  });

  it('prints install for a kernel of the tables that is not installed yet', () => {
    const kernel = { release: '6.1.0-57-cloud-amd64', running: false, installedReleases: [] };
    const facts = alter(DEBIAN12, { ...image, kernel, kernelPackages: [] });
    expect(verdict(facts).commands).toEqual(['tapprep install --root /srv/image --kernel 6.1.0-57-cloud-amd64']);
  });

  it.each([
    ['n', []],
    ['y', ['tapprep verify --build-tree DIR']],
  ])('a tree is asked for where the kernel of nobody loads modules (CONFIG_MODULES=%s)', (modules, fix) => {
    const facts = alter(DEBIAN12, {
      kernel: { release: '6.18.44-fc-v1098', installedReleases: [] },
      config: { CONFIG_MODULES: modules },
      buildTree: null,
      debuginfo: [],
      kernelPackages: [],
    });
    const found = check(facts).flatMap(({ diagnosis }) => (diagnosis === null ? [] : [diagnosis]));
    const asked = ['CUSTOM_KERNEL_NO_PACKAGE', 'DEVEL_MISSING', 'DEBUGINFO_MISSING'];
    for (const code of asked) expect(found.find((one) => one.code === code)?.fix).toEqual(fix);
  });

  it('deletes the cache after a repair', () => {
    const facts = alter(EL9, {
      systemtap: { cachePaths: ['/root/.systemtap/cache'] },
      debuginfo: [],
      kernelPackages: [],
    });
    expect(verdict(facts).commands).toEqual(['tapprep install', 'rm -rf /root/.systemtap/cache']);
  });

  it('says what it could not check', () => {
    const facts = alter(EL9, {
      configFrom: null,
      config: {},
      kernel: { compiler: null },
      systemtap: { testedKernels: null },
    });
    expect(
      check(facts)
        .filter(({ status }) => status === 'unknown')
        .map(({ check }) => check),
    ).toEqual(['kernel options', 'SystemTap and kernel', 'compiler']);
  });

  it('does not call a kernel of another line newer', () => {
    const uek = alter(EL9, {
      kernel: { installedReleases: [EL9_RELEASE, '5.15.0-300.el9uek.x86_64', '6.9.1-1.el9.elrepo.x86_64'] },
    });
    expect(codes(uek, 'advice')).toEqual([]);
  });

  it('never calls a pair well that the table of incompatibilities calls unfit, though the range has the kernel', () => {
    const release = '6.1.0-57-cloud-amd64';
    const debian = (version: string): HostFacts => {
      return alter(DEBIAN12, {
        kernel: { release, unameV: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-3 (2026-11-01)' },
        packages: [{ ...installedRpm('systemtap', version), arch: 'amd64' }],
        systemtap: { package: 'systemtap', testedKernels: '2.6.32 ... 6.9-rc0', version: version.slice(0, 3) },
      });
    };
    expect(fitOf(debian('4.8-2'))).toMatchObject({ status: 'advice', diagnosis: { code: 'STAP_TOO_OLD' } });
    expect(fitOf(debian('4.8-2'))?.detail).toContain('task_work_cancel');
    expect(fitOf(debian('5.1-5'))?.status).toBe('ok');
    const placed = alter(debian('4.8-2'), {
      systemtap: { path: '/opt/tapprep/systemtap-5.1/bin/stap', package: null, version: '5.1', hello: 'pass' },
    });
    expect(fitOf(placed)?.status).toBe('ok');
  });

  it('does not hold the vmlinux of the headers against the debug package, where no build-id of the kernel is known', () => {
    const file = { sizeBytes: 1, ownerPackage: null };
    const facts = alter(EL9, {
      kernel: { buildId: null },
      debuginfo: [
        { ...file, path: '/lib/modules/R/build/vmlinux', buildId: null, hasDwarf: false },
        { ...file, path: '/usr/lib/debug/vmlinux', buildId: OTHER_ID, hasDwarf: true },
      ],
    });
    expect(check(facts).find((each) => each.check === 'debug information')).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('/usr/lib/debug/vmlinux is there') as unknown,
    });
  });

  it('escapes what it quotes from the machine', () => {
    const facts = alter(EL9, { buildTree: { utsVersion: '#1 \u001b]0;owned\u0007' } });
    expect(JSON.stringify(check(facts))).not.toMatch(/\\u001b|\\u0007/);
  });
});

function fitOf(facts: HostFacts): ReturnType<typeof check>[number] | undefined {
  return check(facts).find((each) => each.check === 'SystemTap and kernel');
}
