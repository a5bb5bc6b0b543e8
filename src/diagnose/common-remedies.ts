/** What several faults are mended by. Pure. */
import type { Remedy } from '../types.ts';
import { findArchitecture } from '../detect/architectures.ts';
import type { Advice } from './fault.ts';
import {
  ASK_DEBUGINFOD,
  EMPTY_CACHE,
  install,
  onHost,
  REBOOT,
  reinstall,
  run,
  runAsRoot,
  tapprep,
  tapprepAsRoot,
} from '../make-remedy.ts';
import { besideImage } from './beside-image.ts';
import { pacmanHeaders } from './kernel-packages.ts';
import { OF_GVISOR, OF_OPENVZ } from './log-facts.ts';
import { isOfPacman, type LoggedPackage } from './log-packages.ts';
import { installByOther } from './other-managers.ts';
import { withCommand, withPrepare } from './remedy-words.ts';
import { canPrepare } from './settle-remedies.ts';
import { asksZypper, type Situation } from './situation.ts';
import { releaseWord } from './rule.ts';
import { quoteCommand, shellLine, shellText } from '../shell-words.ts';
import { DPKG } from '../package-system/dpkg.ts';
import { RPM } from '../package-system/rpm.ts';

/** The build tree of the kernel in question. */
export function installDevel(situation: Situation): Advice {
  if (situation.packages.custom !== null) return useBuiltTree(situation);
  const byPacman = installByPacman(situation);
  if (byPacman !== null) return byPacman;
  if (situation.otherManager !== null) {
    return {
      remedies: [installByOther(situation.otherManager, situation.release), EMPTY_CACHE],
      otherwise:
        'What it has is of the newest kernel of that line: where an older one runs, upgrade the whole system and reboot.',
    };
  }
  const byImage = installBesideImage(situation);
  if (byImage !== null) return byImage;
  if (situation.packages.ask !== null) {
    return {
      remedies: [situation.packages.ask, ...installAsked(situation.packages.ask), EMPTY_CACHE],
      otherwise:
        'The packages of this kernel do not have the release in their names: the newest fits the newest kernel.',
    };
  }
  const advice = installed(situation, installOrRepeat(situation));
  // The index adds a rebuild counter to the version, so only a search tells the whole of it.
  return { ...advice, remedies: [...searchIndex(situation), ...advice.remedies] };
}

/** What is listed as installed, and is not there, comes by being installed again. */
function installOrRepeat({ packages, log, release }: Situation): Remedy {
  const isListed = log.packages.some((one) => one.installed && one.kind === 'devel' && one.release === release);
  return isListed ? reinstall(packages.devel, 'kernel') : install(packages.devel, 'kernel');
}

/** Where one package alone is asked about, it is the one to install. */
function installAsked(ask: Remedy): readonly Remedy[] {
  const name = ask.kind === 'run' ? /^apt-cache policy ([a-z0-9][\w.+-]*)$/.exec(ask.command)?.[1] : undefined;
  return name === undefined ? [] : [runAsRoot(shellLine`apt-get install -y ${name}`)];
}

/** Where pacman has only the newest of both, kernel and headers are brought to it together. */
export function upgradeByPacman(situation: Situation): Advice | null {
  if (installByPacman(situation) === null) return null;
  return {
    remedies: [runAsRoot('pacman -Syu'), REBOOT],
    otherwise: 'Headers of a kernel that is not the newest any more are only in the cache of pacman, or in an archive.',
  };
}

/** The same where pacman is the package manager; null elsewhere, as far as anything tells. */
export function installByPacman({ release, host, log }: Situation): Advice | null {
  const headers = pacmanHeaders(release, log.pacman) ?? headersOfListed(release, log.packages);
  if (headers === null || host?.packageManager != null || log.userland !== null || log.distributionNamed) return null;
  return {
    remedies: [runAsRoot(shellLine`pacman -S ${headers}`), EMPTY_CACHE],
    otherwise:
      'The headers are those of the newest kernel of that line: where an older one runs, upgrade the whole system and reboot.',
  };
}

/** The kernel that runs among those that pacman lists: its package's name with -headers behind. */
function headersOfListed(release: string | null, packages: readonly LoggedPackage[]): string | null {
  const image = packages.find(
    (one) => isOfPacman(one) && one.kind === 'image' && release?.startsWith(`${one.release}-`) === true,
  );
  return image === undefined ? null : `${image.name}-headers`;
}

/** The kernel that runs came in a package, whoever made it: its headers are named like it. */
function installBesideImage(situation: Situation): Advice | null {
  const beside = besideImage(situation);
  if (beside === null || situation.packages.devel[0] !== beside.headers || situation.packages.home !== null)
    return null;
  const isDpkg = situation.system === DPKG;
  return {
    remedies: [
      install([beside.headers], 'kernel'),
      ...(isDpkg ? [run(shellLine`apt-cache policy ${beside.image} ${beside.headers}`)] : []),
      EMPTY_CACHE,
    ],
    otherwise: `It comes from where the kernel came from${isDpkg ? ': the second command names that source, and whether both are of one version' : ''}. Whoever built the kernel as a package here got one of headers beside it.`,
  };
}

/** What the repositories have of it, where only the index knows the whole version. */
export function searchIndex({ packages, place }: Situation, isDebug = false): readonly Remedy[] {
  const [words, stems] = isDebug
    ? [packages.debuginfo, packages.debuginfoStems]
    : [packages.devel, packages.develStems];
  return words.length > 0 || !asksZypper(place) || stems.length === 0 ? [] : [searchFor(stems)];
}

/** All versions that zypper's repositories have of some packages. */
export function searchFor(names: readonly string[]): Remedy {
  return run(shellText`zypper search --details --match-exact ${quoteCommand(names)}`);
}

/** Its debug information. */
export function installDebuginfo(situation: Situation): Advice {
  if (situation.packages.custom !== null) return useBuiltTree(situation);
  const advice = installed(situation, debuginfoOfKernel(situation));
  const search = searchIndex(situation, true);
  // SUSE's repositories of debug packages are there and off.
  return search.length === 0
    ? advice
    : {
        ...advice,
        remedies: [{ kind: 'enable-debug-repository', by: 'user', system: 'suse' }, ...search, ...advice.remedies],
      };
}

/** The repositories first; tapprep itself where they cannot help. */
function installed(situation: Situation, remedy: Remedy): Advice {
  const byTapprep =
    situation.place.manager === null || (remedy.kind === 'install-packages' && remedy.names.length === 0);
  return {
    remedies: [remedy, EMPTY_CACHE],
    otherwise: byTapprep
      ? withCommand(
          situation,
          tapprep('plan'),
          (command) => `"${command}" shows what was asked for, and what the repositories have instead.`,
        )
      : withPrepare(
          situation,
          (command) =>
            `If the repositories no longer carry it, "${command}" looks in the vaults and archives for exactly this build.`,
        ),
  };
}

function debuginfoOfKernel({ packages }: Situation): Remedy {
  return install(packages.debuginfo, 'kernel', 'debug');
}

/** For a kernel that nobody packages: what its builder has. */
export function useBuiltTree({ release, host }: Situation): Advice {
  if (host?.config['CONFIG_MODULES'] === 'n') {
    return {
      remedies: [],
      otherwise: `No tree of ${release ?? 'this kernel'} helps, because it loads no module (CONFIG_MODULES is off): boot a kernel that a distribution packages.`,
    };
  }
  return {
    remedies: [tapprepAsRoot('verify', '--build-tree', 'DIR')],
    otherwise: `The tree of ${release ?? 'this kernel'} must come from whoever built it, or be built again from the same sources, configuration and compiler; else boot a kernel that a distribution packages.`,
  };
}

/** A System.map with symbols in it. */
export function installSymbolTable(situation: Situation): Advice {
  const { host, system } = situation;
  const release = releaseWord(situation);
  const place = shellText`/boot/System.map-${release}`;
  const packaged = (system ?? DPKG).symbolTableOf(release);
  const hasDebuginfo = host !== null && host.debuginfo.length > 0;
  const copy = runAsRoot(shellText`cp ${packaged} ${place}`);
  // /proc/kallsyms is that of the kernel that runs, and of no other.
  const isElsewhere = host !== null && (host.source === 'root' || !host.kernel.running);
  const redirect = shellText`cat /proc/kallsyms > ${place}`;
  const kallsyms = situation.place.sudo ? runAsRoot(shellLine`sh -c ${redirect}`) : run(redirect);
  return {
    remedies:
      hasDebuginfo && system?.hasStubTable === true
        ? [copy]
        : [debuginfoOfKernel(situation), isElsewhere ? copy : kallsyms],
    otherwise:
      'begin, end and timer probes work without it; only symbol probes such as kprobe.function need the table.',
  };
}

/** The C library, whose debug package has a name of its own in Debian and Ubuntu. */
const OF_LIBC = /\/(?:ld-linux|lib(?:c|m|dl|rt|pthread|resolv))[\w-]*(?:-\d\.\d+)?\.so(?:\.\d)?$/;

/** Debug information of the program that the log names. @param file the one that has none */
export function debuginfoOfProgram({ log, place }: Situation, file = ''): readonly Remedy[] {
  if (place.manager === 'apt-get' && OF_LIBC.test(file)) return [install(['libc6-dbg'], 'program-debuginfo')];
  return log.userspacePackage === null ? [ASK_DEBUGINFOD] : debuginfoOfPackages({ place }, [log.userspacePackage]);
}

/** The same of packages by their names. */
export function debuginfoOfPackages({ place }: Pick<Situation, 'place'>, names: readonly string[]): readonly Remedy[] {
  switch (place.manager) {
    case 'dnf':
      return [runAsRoot(shellText`dnf debuginfo-install -y ${quoteCommand(names)}`)];
    case 'yum':
      return [runAsRoot(shellText`debuginfo-install -y ${quoteCommand(names)}`)];
    case 'zypper':
    case 'tdnf':
    case 'rpm-ostree':
    case 'transactional-update':
      return [
        install(
          names.map((name) => `${name}-debuginfo`),
          'program-debuginfo',
        ),
      ];
    case 'apt-get':
      return [
        install(
          names.map((name) => `${name}-dbgsym`),
          'program-debuginfo',
        ),
      ];
    case null:
      return [ASK_DEBUGINFOD];
  }
}

/** Where debug packages are in repositories of their own. */
export function setUpDebugRepository(situation: Situation): readonly Remedy[] {
  const { packages } = situation;
  if (situation.distribution === 'ubuntu') {
    return [
      { kind: 'enable-debug-repository', by: 'user', system: 'ubuntu' },
      install([...packages.devel, ...packages.debuginfo], 'kernel'),
    ];
  }
  const enable: readonly Remedy[] = asksZypper(situation.place)
    ? [{ kind: 'enable-debug-repository', by: 'user', system: 'suse' }]
    : [];
  // Debian's stap-prep asks for the headers in the same breath.
  const both =
    situation.place.manager === 'apt-get' ? install([...packages.devel, ...packages.debuginfo], 'kernel') : null;
  return [...enable, both ?? debuginfoOfKernel(situation)];
}

/** All packages of SystemTap, as the family names them. */
export function systemtapPackages({ system }: Situation): readonly string[] {
  return (system ?? RPM).systemtapPackages;
}

/** The kernel is the host's: its packages belong there, and the container has to see them. */
export function onContainerHost(situation: Situation): readonly Remedy[] {
  const kernel = situation.release === null ? shellText`` : shellLine` --kernel ${situation.release}`;
  // A system container runs no image: what it needs is used on its host.
  const shown = situation.log.container?.text ?? '';
  const isSystem = OF_OPENVZ.test(shown) || /\b(?:lxc|pct|openvz|nspawn|machinectl|vz)\b/.test(shown);
  // What gVisor calls its kernel is not the host's, and it has to make way for a runtime that runs on that one.
  const isGvisor = OF_GVISOR.test(shown);
  // Root of a rootless container is not root.
  const engine = /\bpodman\b/.test(shown) ? 'sudo podman' : 'docker';
  return [
    ...(isGvisor ? [onHost('sudo tapprep install')] : []),
    ...(!isGvisor && canPrepare({ ...situation, host: null })
      ? [onHost(shellText`sudo tapprep install${kernel}`)]
      : []),
    ...(isSystem
      ? []
      : [
          onHost(
            `${engine} run --rm -it${isGvisor ? ' --runtime=runc' : ''} --privileged --pid=host -v /lib/modules:/lib/modules:ro -v /usr/src:/usr/src:ro -v /usr/lib/debug:/usr/lib/debug:ro -v /sys/kernel/debug:/sys/kernel/debug IMAGE`,
          ),
        ]),
  ];
}

/** What asks for signatures where there is no UEFI, by the kernel's word for the architecture. */
const WITHOUT_MOK: Readonly<Record<string, Advice>> = {
  s390: {
    remedies: [run('grep -s . /sys/firmware/ipl/secure /sys/kernel/security/lockdown /proc/cmdline')],
    otherwise:
      'A mainframe has no machine owner keys: a module has to be signed by a key that the kernel was built with, or that whoever manages the partition has loaded into the machine for secure IPL (the keyring .platform); or the partition is loaded without secure IPL.',
  },
  powerpc: {
    remedies: [run('grep -s . /sys/kernel/security/lockdown /sys/firmware/secvar/format /proc/cmdline')],
    otherwise:
      'POWER has no machine owner keys: a module has to be signed by a key that the kernel was built with, or that the platform holds in its variable db (the keyring .platform); or the partition is started with secure boot switched off.',
  },
};
const WITHOUT_UEFI: Advice = {
  remedies: [run('grep -s . /proc/cmdline /sys/kernel/security/lockdown /sys/module/module/parameters/sig_enforce')],
  otherwise:
    'Without UEFI there are no machine owner keys: what asks for signatures stands on the command line of the kernel (module.sig_enforce, lockdown=), which can be booted without it, or was built into it (CONFIG_MODULE_SIG_FORCE); then only keys of its builder count.',
};

/** Where no key can be enrolled: what is asked instead; null where there is UEFI, or nothing speaks against it. */
export function trustWithoutMok({ arch, log }: Pick<Situation, 'arch' | 'log'>): Advice | null {
  const tree = findArchitecture(arch ?? '')?.tree ?? null;
  const other = tree === null ? undefined : WITHOUT_MOK[tree];
  return other ?? (log.noEfi ? WITHOUT_UEFI : null);
}
