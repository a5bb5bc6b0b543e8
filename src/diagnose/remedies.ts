/** What to do about each code, as commands for the target at hand. Pure. */
import type { DiagnosisCode } from './codes.ts';
import { asRoot, installOrPrepare, installPackages, prepareWithTapprep, tapprepCommand } from './commands.ts';
import type { Situation } from './situation.ts';

export interface Remedy {
  readonly fix: readonly string[];
  readonly otherwise: string | null;
}

type RemedyFor = (situation: Situation) => Remedy;

const PURGE_CACHE = 'rm -rf ~/.systemtap/cache';

/** The commands of a code in a situation. */
export function remedyFor(code: DiagnosisCode, situation: Situation): Remedy {
  return REMEDIES[code](situation);
}

const installDevel: RemedyFor = (situation) => {
  if (situation.packages.custom !== null) return REMEDIES.CUSTOM_KERNEL_NO_PACKAGE(situation);
  return installed(situation, installOrPrepare(situation, situation.packages.devel));
};

const installDebuginfo: RemedyFor = (situation) => {
  if (situation.packages.custom !== null) return REMEDIES.CUSTOM_KERNEL_NO_PACKAGE(situation);
  return installed(situation, debuginfoCommands(situation));
};

/** The repositories first; tapprep itself where they cannot help. */
function installed(situation: Situation, commands: readonly string[]): Remedy {
  const prepare = prepareWithTapprep(situation);
  return {
    fix: [...commands, PURGE_CACHE],
    otherwise: commands.includes(prepare)
      ? `"${tapprepCommand(situation, 'plan')}" shows what was asked for, and what the repositories have instead.`
      : `If the repositories no longer carry it, "${prepare}" looks in the vaults and archives for exactly this build.`,
  };
}

const REMEDIES: Readonly<Record<DiagnosisCode, RemedyFor>> = {
  DEVEL_MISSING: installDevel,
  DEVEL_VERSION_MISMATCH: installDevel,
  DEVEL_INCOMPLETE: (situation) => ({
    fix: [...reinstall(situation, situation.packages.devel), PURGE_CACHE],
    otherwise: 'A tree that you built yourself needs "make modules_prepare" and a full build for its Module.symvers.',
  }),
  DEVEL_VENDOR_MISMATCH: (situation) => ({
    fix: [
      ...(situation.family === 'rpm' ? ["rpm -q --qf '%{NAME} %{VENDOR} %{BUILDHOST}\\n' kernel kernel-devel"] : []),
      prepareWithTapprep(situation),
      PURGE_CACHE,
    ],
    otherwise:
      'Do not edit UTS_VERSION in compile.h: symbol versions and structures may differ as well. Take the package of the vendor that built the running kernel, then delete the cache.',
  }),
  WRONG_VARIANT: (situation) => ({
    fix: [...installOrPrepare(situation, [...situation.packages.devel, ...situation.packages.debuginfo]), PURGE_CACHE],
    otherwise: 'If the other variant is the one you want to look at, boot that kernel instead.',
  }),
  DEBUGINFO_MISSING: installDebuginfo,
  DEBUGINFO_VERSION_MISMATCH: installDebuginfo,
  DEBUGINFO_UNUSABLE: (situation) => ({
    fix: [...reinstall(situation, situation.packages.debuginfo), PURGE_CACHE],
    otherwise:
      'Compare "eu-readelf -n" of the vmlinux below /usr/lib/debug with /sys/kernel/notes, and look for a .debug_info section with "eu-readelf -S".',
  }),
  USERSPACE_DEBUGINFO_MISSING: (situation) => ({
    fix: userspaceCommands(situation),
    otherwise:
      'The debug information must be of exactly the installed build; "tapprep verify" tells whether the kernel side is fine.',
  }),
  REPO_NO_PACKAGE: (situation) => ({
    fix: [prepareWithTapprep(situation)],
    otherwise:
      'If no archive has this build any more, update to a kernel whose packages are published, reboot, and prepare that one.',
  }),
  REPO_NOT_CONFIGURED: (situation) => ({
    fix: debugRepository(situation),
    otherwise: `"${prepareWithTapprep(situation)}" needs no repository to be set up: it fetches the exact packages and verifies them itself.`,
  }),
  REPO_MISCONFIGURED: (situation) => ({
    fix: [listSources(situation), prepareWithTapprep(situation)],
    otherwise:
      'Correct the address, the code name or the key of the source that the message names, and refresh the index.',
  }),
  KERNEL_NOT_LATEST_INSTALLED: (situation) => ({
    fix: [asRoot(situation, 'reboot')],
    otherwise: `To keep the running kernel, install its own packages instead: ${[...installOrPrepare(situation, [...situation.packages.devel, ...situation.packages.debuginfo])].join(' && ')}`,
  }),
  STAP_TOO_OLD: (situation) => ({
    fix: [`${prepareWithTapprep(situation)} --systemtap auto`, PURGE_CACHE],
    otherwise:
      'Which SystemTap fits is only known once hello world was compiled and loaded: "tapprep verify" does both.',
  }),
  STAP_INSTALL_BROKEN: (situation) => ({
    fix: [...reinstall(situation, systemtapPackages(situation)), 'stap -V', PURGE_CACHE],
    otherwise:
      'Look for a second SystemTap ("type -a stap staprun") and for SYSTEMTAP_TAPSET or SYSTEMTAP_RUNTIME in the environment.',
  }),
  GURU_MODVERSIONS: () => ({
    fix: [PURGE_CACHE, 'stap -g -B CONFIG_MODVERSIONS=y SCRIPT.stp'],
    otherwise:
      'Run the script without -g if it has no embedded C; dmesg shows "version magic" if the build tree is the wrong one.',
  }),
  SECUREBOOT_SIGNATURE: (situation) => ({
    fix: signingCommands(situation),
    otherwise:
      'stap prints the path of its key; the firmware asks at the next boot whether to enrol it. Where no key may be enrolled: a stap-server that has one, modules compiled and signed elsewhere ("tapprep bundle --compiled"), or Secure Boot off.',
  }),
  GCC_OR_BUILD_MISMATCH: (situation) => ({
    fix: [...installPackages(situation, ['gcc', 'make']), 'env PATH=/usr/bin:/bin gcc --version', PURGE_CACHE],
    otherwise:
      'Compare the compiler in /proc/version or CONFIG_CC_VERSION_TEXT with "gcc --version"; the major version must be the same.',
  }),
  CONTAINER_KERNEL_NOT_IN_IMAGE: (situation) => ({
    fix: containerCommands(situation),
    otherwise:
      'Or run SystemTap on the host itself; packages of the container image never match the host by themselves.',
  }),
  CUSTOM_KERNEL_NO_PACKAGE: (situation) => ({
    fix: ["stap -r /PATH/TO/THE/BUILT/KERNEL/TREE -v -p4 -e 'probe begin { exit() }'"],
    otherwise: `The tree of ${situation.release ?? 'this kernel'} must come from whoever built it, or be built again from the same sources, configuration and compiler; else boot a kernel that a distribution packages.`,
  }),
  SYSMAP_STUB: symbolTable,
  SYSMAP_MISSING: symbolTable,
  KERNEL_TREE_NOT_BUILT: () => ({
    fix: ['make olddefconfig', 'make -j"$(nproc)"'],
    otherwise:
      'Run them in the tree that stap -r names; the result must hold .config, Module.symvers, System.map and vmlinux.',
  }),
  PERM_GROUPS: (situation) => ({
    fix: [asRoot(situation, 'usermod -aG stapusr,stapdev "$USER"'), 'newgrp stapdev'],
    otherwise:
      'Membership counts from the next login. stapusr alone only loads modules that root put into /lib/modules/RELEASE/systemtap.',
  }),
  PERM_CONTROL_CHANNEL: (situation) => ({
    fix: [asRoot(situation, 'mount -t debugfs none /sys/kernel/debug'), "sudo stap -v -e 'probe begin { exit() }'"],
    otherwise:
      'If it works as root only, /sys/kernel/debug is closed to other users (mode 0700). Do not rename a compiled module: its file name must stay its module name.',
  }),
  MODULE_NOT_IN_LIB_MODULES: (situation) => ({
    fix: [
      asRoot(
        situation,
        `install -D -m 0644 MODULE.ko /lib/modules/${situation.release ?? '"$(uname -r)"'}/extra/MODULE.ko`,
      ),
      asRoot(situation, 'depmod -a'),
    ],
    otherwise:
      'The module must be compiled with debug information (-g), and its name is written with underscores in the probe.',
  }),
  BAD_RELEASE_OPTION: () => ({
    fix: ['ls /lib/modules', 'stap -r "$(uname -r)" -v -p4 -e \'probe begin { exit() }\''],
    otherwise:
      'With -r /PATH the tree must be configured and built: it is recognised by include/config/kernel.release.',
  }),
  KERNEL_CONFIG: (situation) => ({
    fix: [
      `grep -E 'CONFIG_(MODULES|KPROBES|RELAY|DEBUG_FS|UPROBES|TRACEPOINTS|PERF_EVENTS|KALLSYMS)=' /boot/config-${situation.release ?? '"$(uname -r)"'}`,
    ],
    otherwise:
      "An option that is off can only be had by booting another kernel: the distribution's own, or one rebuilt with it.",
  }),
  STALE_CACHE: () => ({
    fix: [PURGE_CACHE],
    otherwise:
      'Run once with --poison-cache. If the same message comes back after a fresh compilation, the cause is another.',
  }),
  STAPRUN_VERSION_MISMATCH: (situation) => ({
    fix: [...reinstall(situation, systemtapPackages(situation)), 'stap -V; staprun -V', PURGE_CACHE],
    otherwise:
      'stap and staprun on either side of version 5.0 do not understand each other, also when the module is compiled on another machine.',
  }),
  NO_SPACE: () => ({
    fix: [
      'df -h /tmp /var/tmp /usr/lib/debug /var/cache "$HOME"',
      'mkdir -p "$HOME/stap-tmp" && export TMPDIR="$HOME/stap-tmp"',
    ],
    otherwise:
      'kernel debug information takes 5 to 10 GB below /usr/lib/debug: remove that of kernels that are no longer installed.',
  }),
};

function symbolTable(situation: Situation): Remedy {
  const { host, family } = situation;
  const release = situation.release ?? '"$(uname -r)"';
  const place = `/boot/System.map-${release}`;
  const packaged =
    family === 'rpm' ? `/lib/modules/${release}/System.map` : `/usr/lib/debug/boot/System.map-${release}`;
  const hasDebuginfo = host !== null && host.debuginfo.length > 0;
  const copy = asRoot(situation, `cp ${packaged} ${place}`);
  // /proc/kallsyms is that of the kernel that runs, and of no other.
  const isElsewhere = host !== null && (host.source === 'root' || !host.kernel.running);
  const kallsyms = situation.sudo
    ? `sudo sh -c 'cat /proc/kallsyms > ${place.replaceAll('"', '')}'`
    : `cat /proc/kallsyms > ${place}`;
  return {
    fix: hasDebuginfo && family === 'deb' ? [copy] : [...debuginfoCommands(situation), isElsewhere ? copy : kallsyms],
    otherwise:
      'begin, end and timer probes work without it; only symbol probes such as kprobe.function need the table.',
  };
}

function debuginfoCommands(situation: Situation): readonly string[] {
  const { manager, packages } = situation;
  if (packages.debuginfo.length === 0) return [prepareWithTapprep(situation)];
  if (manager === 'dnf' || manager === 'yum') {
    return [asRoot(situation, `${manager} install -y --enablerepo='*debug*' ${packages.debuginfo.join(' ')}`)];
  }
  return installOrPrepare(situation, packages.debuginfo);
}

function reinstall(situation: Situation, packages: readonly string[]): readonly string[] {
  const { manager } = situation;
  if (manager === null || packages.length === 0) return [prepareWithTapprep(situation)];
  const command: Readonly<Record<NonNullable<typeof manager>, string>> = {
    'apt-get': 'apt-get install -y --reinstall',
    dnf: 'dnf reinstall -y',
    yum: 'yum reinstall -y',
    zypper: 'zypper --non-interactive install --force',
  };
  return [asRoot(situation, `${command[manager]} ${packages.join(' ')}`)];
}

function systemtapPackages(situation: Situation): readonly string[] {
  return situation.family === 'deb'
    ? ['systemtap', 'systemtap-client', 'systemtap-common', 'systemtap-runtime']
    : ['systemtap', 'systemtap-client', 'systemtap-devel', 'systemtap-runtime'];
}

function userspaceCommands(situation: Situation): readonly string[] {
  const name = situation.log.userspacePackage ?? 'PACKAGE';
  const commands: Readonly<Record<string, string>> = {
    dnf: `dnf debuginfo-install -y ${name}`,
    yum: `debuginfo-install -y ${name}`,
    zypper: `zypper --non-interactive install ${name}-debuginfo`,
    'apt-get': `apt-get install -y ${name}-dbgsym`,
  };
  const command = commands[situation.manager ?? 'none'];
  return command === undefined
    ? ['export DEBUGINFOD_URLS=https://debuginfod.elfutils.org/']
    : [asRoot(situation, command)];
}

function debugRepository(situation: Situation): readonly string[] {
  if (situation.distribution === 'ubuntu') {
    return [
      asRoot(situation, 'apt-get install -y ubuntu-dbgsym-keyring'),
      `echo "deb http://ddebs.ubuntu.com $(lsb_release -cs) main restricted universe multiverse" | ${asRoot(situation, 'tee /etc/apt/sources.list.d/ddebs.list')}`,
      `echo "deb http://ddebs.ubuntu.com $(lsb_release -cs)-updates main restricted universe multiverse" | ${asRoot(situation, 'tee -a /etc/apt/sources.list.d/ddebs.list')}`,
      asRoot(situation, 'apt-get update'),
      ...installPackages(situation, [...situation.packages.devel, ...situation.packages.debuginfo]),
    ];
  }
  if (situation.manager === 'zypper') {
    return [asRoot(situation, "zypper modifyrepo --enable '*Debug*'"), ...debuginfoCommands(situation)];
  }
  return [...debuginfoCommands(situation)];
}

function listSources(situation: Situation): string {
  const commands: Readonly<Record<string, string>> = {
    'apt-get': asRoot(situation, 'apt-get update'),
    dnf: 'dnf repolist --all',
    yum: 'yum repolist all',
    zypper: 'zypper repos --uri',
  };
  return commands[situation.manager ?? 'none'] ?? 'tapprep mirrors check';
}

/** stap makes a key of its own below the home directory of who signs, and prints its path. */
function signingCommands(situation: Situation): readonly string[] {
  return [
    ...installPackages(situation, ['mokutil']),
    asRoot(situation, "stap --sign-module -v -e 'probe begin { exit() }'"),
    asRoot(situation, "sh -c 'mokutil --import /root/.systemtap/ssl/server/moks/*/signing_key.x509'"),
    asRoot(situation, 'reboot'),
  ];
}

function containerCommands(situation: Situation): readonly string[] {
  return [
    prepareWithTapprep({ ...situation, host: null, sudo: true }),
    'docker run --rm -it --privileged --pid=host -v /lib/modules:/lib/modules:ro -v /usr/src:/usr/src:ro -v /usr/lib/debug:/usr/lib/debug:ro -v /sys/kernel/debug:/sys/kernel/debug IMAGE',
  ];
}
