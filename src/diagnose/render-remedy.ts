/** The one place where a remedy becomes commands: for the package system at hand and for this very target. Pure. */
import { quoteCommand, quoteWord } from '../shell-words.ts';
import type { Remedy } from '../types.ts';
import type { HintRemedy } from '../errors.ts';
import { HERE, type Place, type Reach } from './place.ts';
import type { Manager } from './situation.ts';
import { LAY } from '../package-system/layering.ts';

const INSTALL: Readonly<Record<Manager, string>> = {
  'apt-get': 'apt-get install -y',
  dnf: 'dnf install -y',
  yum: 'yum install -y',
  tdnf: 'tdnf install -y',
  zypper: 'zypper --non-interactive install --oldpackage',
  ...LAY,
};
const INSTALL_FROM_DEBUG: Readonly<Record<Manager, string>> = {
  ...INSTALL,
  dnf: "dnf install -y --enablerepo='*debug*'",
  yum: "yum install -y --enablerepo='*debug*'",
};
const REINSTALL: Readonly<Record<Manager, string>> = {
  'apt-get': 'apt-get install -y --reinstall',
  dnf: 'dnf reinstall -y',
  yum: 'yum reinstall -y',
  tdnf: 'tdnf reinstall -y',
  zypper: 'zypper --non-interactive install --force',
  // Never asked for: settleRemedies leaves it out.
  ...LAY,
};
const CHECK_SOURCES: Readonly<Record<Manager, { readonly command: string; readonly root: boolean }>> = {
  'apt-get': { command: 'apt-get update', root: true },
  dnf: { command: 'dnf repolist --all', root: false },
  yum: { command: 'yum repolist all', root: false },
  tdnf: { command: 'tdnf repolist all', root: false },
  zypper: { command: 'zypper repos --uri', root: false },
  'rpm-ostree': { command: 'rpm-ostree refresh-md', root: true },
  'transactional-update': { command: 'zypper repos --uri', root: false },
};
/** zypper knows repositories by number, alias or name, and by no pattern. */
const ENABLE_SUSE_DEBUG =
  "zypper modifyrepo --enable $(zypper repos | awk -F'|' 'tolower($2 $3) ~ /debug/ { print $1 }')";
/** Ends a command that is not for the machine that it is printed on. */
export const ON_THAT_MACHINE = '    # on that machine';
const BUNDLE = ['--out', 'tapprep-bundle.tar'];

type RendererOf<Kind extends Remedy['kind']> = (
  remedy: Extract<Remedy, { kind: Kind }>,
  place: Place,
) => readonly string[];

/** What a user types, with what only that user knows. */
const REGISTRATION = {
  'subscription-manager': 'subscription-manager register --username NAME',
  SUSEConnect: 'SUSEConnect --regcode CODE',
  pro: 'pro attach TOKEN',
} as const;

const RENDERERS: { readonly [Kind in Remedy['kind']]: RendererOf<Kind> } = {
  'prepare-kernel': ({ release, systemtap }, place) => {
    const choice = systemtap === null ? [] : ['--systemtap', systemtap];
    const named = { ...place, kernel: release ?? place.kernel };
    // Nothing can be installed from here on a machine that is not here: what it needs is carried there.
    return isDescribed(place.reach)
      ? [tapprep(named, ['bundle'], false, [...choice, ...BUNDLE])]
      : [tapprep(named, ['install'], true, choice)];
  },
  'empty-caches': ({ paths }, place) => [
    paths.length === 0
      ? there(place, 'rm -rf ~/.systemtap/cache', false)
      : there(place, `rm -rf ${quoteCommand(paths)}`, false),
  ],
  tapprep: ({ words, root }, place) =>
    isRefused(words, place.reach)
      ? [`${tapprep({ ...place, reach: HERE }, words, root)}${ON_THAT_MACHINE}`]
      : [tapprep(place, words, root)],
  'install-packages': ({ names, repositories }, place) =>
    withManager(place, (manager) => {
      const table = repositories === 'debug' ? INSTALL_FROM_DEBUG : INSTALL;
      if (names.length === 0) return [];
      // An image has no package lists, as a rule.
      const isBare = manager === 'apt-get' && place.reach.via === 'root';
      return [
        ...(isBare ? [there(place, CHECK_SOURCES[manager].command, true)] : []),
        there(place, `${table[manager]} ${quoteCommand(names)}`, true),
      ];
    }),
  'reinstall-packages': ({ names }, place) =>
    withManager(place, (manager) =>
      names.length === 0 ? [] : [there(place, `${REINSTALL[manager]} ${quoteCommand(names)}`, true)],
    ),
  'check-sources': (_remedy, place) =>
    place.manager === null
      ? [tapprep(place, ['mirrors', 'check'], false)]
      : [there(place, CHECK_SOURCES[place.manager].command, CHECK_SOURCES[place.manager].root)],
  'enable-debug-repository': ({ system }, place) =>
    system === 'suse' ? [there(place, ENABLE_SUSE_DEBUG, true)] : enableDdebs(place),
  register: ({ tool }, place) => [
    there(place, REGISTRATION[tool], true),
    ...(tool !== 'subscription-manager'
      ? []
      : [there(place, "subscription-manager repos --enable='*-debug-rpms'", true)]),
  ],
  // In a root runs no kernel but that of this machine.
  identify: (_remedy, place) => [
    there(place, `cat /etc/os-release; ${place.reach.via === 'root' ? 'ls /lib/modules' : 'uname -r -v'}`, false),
  ],
  'set-clock': (_remedy, place) => [there(place, 'date -u', false), there(place, 'timedatectl set-ntp true', true)],
  reboot: (_remedy, place) => [there(place, 'reboot', true)],
  'set-variable': ({ name, value }, place) => [inShell(place, `export ${quoteWord(name)}=${value}`)],
  'unset-variables': ({ names }, place) => [inShell(place, `unset ${quoteCommand(names)}`)],
  'join-groups': ({ groups }, place) => [
    there(place, `usermod -aG ${quoteWord(groups.join(','))} "$USER"`, true),
    ...(place.reach.via === 'here' ? [`newgrp ${quoteWord(groups.at(-1) ?? '')}`] : []),
  ],
  'enrol-module-key': ({ certificate, needsMokutil }, place) => {
    const path = certificate ?? '~/.config/tapprep/module-key/module-cert.der';
    const inPlace = place.reach.via === 'here' ? path : '/root/module-cert.der';
    return [
      ...(needsMokutil
        ? RENDERERS['install-packages'](
            { kind: 'install-packages', by: 'user', names: ['mokutil'], purpose: 'toolchain', repositories: 'enabled' },
            place,
          )
        : []),
      ...carry(place, path, inPlace),
      there(place, `mokutil --import ${certificate === null ? inPlace : quoteWord(inPlace)}`, true),
    ];
  },
  run: ({ command, root, by }, place) => [by === 'admin of the host' ? command : there(place, command, root)],
};

/** The commands of one remedy; none where the target has nothing that could carry it out. */
export function renderRemedy(remedy: Remedy, place: Place): readonly string[] {
  const render = RENDERERS[remedy.kind] as (one: Remedy, at: Place) => readonly string[];
  return render(remedy, place);
}

/** The commands of many, in their order and without repetitions. */
export function renderRemedies(remedies: readonly Remedy[], place: Place): readonly string[] {
  return [...new Set(remedies.flatMap((remedy) => renderRemedy(remedy, place)))];
}

/** Whether what an error carries as its remedy is one of types.ts. */
export function isRemedy(remedy: HintRemedy): remedy is Remedy {
  return Object.hasOwn(RENDERERS, remedy.kind);
}

/** Of what names a target: how it is known, its build (--arch, --uname-v), its tree, its banner, its kernel. */
type Naming = 'facts' | 'declared' | 'build' | 'tree' | 'banner' | 'kernel';

/** What a command of tapprep does not take of it; those that are not here take all. */
const REFUSES: Readonly<Record<string, readonly Naming[]>> = {
  doctor: ['declared'],
  install: ['facts', 'declared'],
  verify: ['facts', 'declared'],
  'mends try': ['facts', 'declared'],
  'scripts check': ['facts', 'declared', 'build'],
  'scripts run': ['facts', 'declared', 'build'],
  // What a key is for is no matter of a build or a tree.
  'module-key create': ['build', 'tree'],
  'module-key show': ['declared', 'build', 'tree'],
  // What is taken away is taken away whatever kernel is meant.
  remove: ['facts', 'declared', 'build', 'tree', 'banner', 'kernel'],
};

function refusedBy([first = '', second = '']: readonly string[]): readonly Naming[] {
  return REFUSES[`${first} ${second}`] ?? REFUSES[first] ?? [];
}

/** Whether a command of tapprep cannot be given this target from here. */
export function isRefused(words: readonly string[], { via }: Reach): boolean {
  return refusedBy(words).some((naming) => naming === via);
}

/** A machine that nothing can be done on from here. */
export function isDescribed(reach: Reach): boolean {
  return reach.via === 'facts' || reach.via === 'declared';
}

/** A command of tapprep, which is always run here and names the target. @param more what comes behind its options */
function tapprep(place: Place, words: readonly string[], root: boolean, more: readonly string[] = []): string {
  const sudo = root && needsSudoHere(place, words) ? 'sudo ' : '';
  return `${sudo}${quoteCommand(['tapprep', ...words, ...targetOptions(place, words), ...more])}`;
}

/** Another machine is entered with the root rights of its own user; a rehearsal is root's work here, whatever the target is. */
function needsSudoHere({ reach: { via }, sudo }: Place, words: readonly string[]): boolean {
  if (words[0] === 'rehearse') return sudo || via === 'ssh';
  return sudo && (via === 'here' || via === 'root');
}

/** What names the target to a command, as far as it takes that and does not say it itself. */
function targetOptions({ reach, kernel }: Place, words: readonly string[]): readonly string[] {
  const refused = refusedBy(words);
  const takes = (naming: Naming, option: string): boolean => !refused.includes(naming) && !words.includes(option);
  const { arch = null, unameV = null, more = [] } = reach;
  const build = [
    ...(arch !== null && takes('build', '--arch') ? ['--arch', arch] : []),
    ...(unameV !== null && takes('build', '--uname-v') ? ['--uname-v', unameV] : []),
  ];
  // A command with a distribution of its own is about no machine.
  if (words.includes('--distro')) return build;
  const banner = more[0] === '--banner' ? more.slice(0, 2) : [];
  return [
    ...placeOptions(reach),
    ...build,
    ...(takes('banner', '--banner') ? banner : []),
    ...(!refused.includes('tree') ? more.slice(banner.length) : []),
    ...(takes('kernel', '--kernel') ? kernelOptions(reach, kernel, words) : []),
  ];
}

/** A distribution alone is enough for a rehearsal; for anything else a reader has to say what only a reader knows. */
function kernelOptions({ via, more = [] }: Reach, kernel: string | null, words: readonly string[]): readonly string[] {
  if (kernel !== null) return ['--kernel', kernel];
  const isNeeded = via === 'declared' && more[0] !== '--banner' && words[0] !== 'rehearse';
  return isNeeded ? ['--kernel', 'RELEASE'] : [];
}

function placeOptions(reach: Reach): readonly string[] {
  switch (reach.via) {
    case 'here':
      return [];
    case 'root':
      return ['--root', reach.directory];
    case 'ssh':
      return ['--host', reach.destination, ...(reach.configFile === null ? [] : ['--ssh-config', reach.configFile])];
    case 'facts':
      return ['--facts', reach.file];
    case 'declared':
      return reach.distro === null ? [] : ['--distro', reach.distro];
  }
}

/** Brings a file of this machine to the target. */
function carry({ reach }: Place, path: string, to: string): readonly string[] {
  if (reach.via === 'ssh') {
    const config = reach.configFile === null ? '' : `-F ${quoteWord(reach.configFile)} `;
    return [`scp ${config}${quoteWord(path)} ${quoteWord(`${reach.destination}:${to}`)}`];
  }
  return reach.via === 'here' ? [] : [`# carry ${path} to that machine, as ${to}`];
}

const PLAIN_COMMAND = /^[\w@%+:,./=~*' -]+$/;

/** A command of the target's own programs, so written that it never works on the machine that it is pasted on instead. */
function there({ reach, sudo }: Place, command: string, root: boolean): string {
  // chroot is root's alone, whatever runs inside.
  const prefix = sudo && (root || reach.via === 'root') ? 'sudo ' : '';
  switch (reach.via) {
    case 'here':
      return `${prefix}${command}`;
    case 'root': {
      const inside = PLAIN_COMMAND.test(command) && !command.includes('~') ? command : `sh -c ${quoteWord(command)}`;
      return `${prefix}chroot ${quoteWord(reach.directory)} ${inside}`;
    }
    case 'ssh': {
      const config = reach.configFile === null ? '' : `-F ${quoteWord(reach.configFile)} `;
      return `ssh -t ${config}${quoteWord(reach.destination)} ${quoteWord(`${prefix}${command}`)}`;
    }
    case 'facts':
    case 'declared':
      return `${prefix}${command}${ON_THAT_MACHINE}`;
  }
}

/** What only holds in the shell that it is typed in. */
function inShell(place: Place, command: string): string {
  return place.reach.via === 'here' ? command : `# in the shell of that machine: ${command}`;
}

function withManager(place: Place, make: (manager: Manager) => readonly string[]): readonly string[] {
  return place.manager === null ? [] : make(place.manager);
}

const DDEBS = '/etc/apt/sources.list.d/ddebs.list';

/** What is built from Ubuntu has code names of its own, which lsb_release prints. */
const CODENAME = '$(. /etc/os-release; echo ${UBUNTU_CODENAME:-$(lsb_release -cs)})';

function echoSource(pocket: string): string {
  return `echo "deb http://ddebs.ubuntu.com ${CODENAME}${pocket} main restricted universe multiverse"`;
}

function enableDdebs(place: Place): readonly string[] {
  const tee = `${place.sudo ? 'sudo ' : ''}tee -a ${DDEBS}`;
  return [
    there(place, 'apt-get install -y ubuntu-dbgsym-keyring', true),
    ...['', '-updates'].map((pocket) => there({ ...place, sudo: false }, `${echoSource(pocket)} | ${tee}`, false)),
    there(place, 'apt-get update', true),
  ];
}
