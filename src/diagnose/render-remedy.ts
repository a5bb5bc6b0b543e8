/** The one place where a remedy becomes commands: for the package system at hand and for this very target. Pure. */
import { quoteCommand, quoteWord } from '../vm/shell-words.ts';
import type { Remedy } from '../types.ts';
import type { HintRemedy } from '../errors.ts';
import { HERE, type Place, type Reach } from './place.ts';
import type { Manager } from './situation.ts';

const INSTALL: Readonly<Record<Manager, string>> = {
  'apt-get': 'apt-get install -y',
  dnf: 'dnf install -y',
  yum: 'yum install -y',
  tdnf: 'tdnf install -y',
  zypper: 'zypper --non-interactive install --oldpackage',
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
};
const CHECK_SOURCES: Readonly<Record<Manager, { readonly command: string; readonly root: boolean }>> = {
  'apt-get': { command: 'apt-get update', root: true },
  dnf: { command: 'dnf repolist --all', root: false },
  yum: { command: 'yum repolist all', root: false },
  tdnf: { command: 'tdnf repolist all', root: false },
  zypper: { command: 'zypper repos --uri', root: false },
};
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
    isDescribed(place.reach) && NEEDS_MACHINE.has(words[0] ?? '')
      ? [`${tapprep({ ...place, reach: HERE }, words, root)}    # on that machine`]
      : [tapprep(place, words, root)],
  'install-packages': ({ names, repositories }, place) =>
    withManager(place, (manager) => {
      const table = repositories === 'debug' ? INSTALL_FROM_DEBUG : INSTALL;
      return names.length === 0 ? [] : [there(place, `${table[manager]} ${quoteCommand(names)}`, true)];
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
    system === 'suse' ? [there(place, "zypper modifyrepo --enable '*Debug*'", true)] : enableDdebs(place),
  register: ({ tool }, place) => [
    there(place, REGISTRATION[tool], true),
    ...(tool !== 'subscription-manager'
      ? []
      : [there(place, "subscription-manager repos --enable='*-debug-rpms'", true)]),
  ],
  'set-clock': (_remedy, place) => [there(place, 'date -u', false), there(place, 'timedatectl set-ntp true', true)],
  reboot: (_remedy, place) => [there(place, 'reboot', true)],
  'set-variable': ({ name, value }, place) => [inShell(place, `export ${name}=${value}`)],
  'unset-variables': ({ names }, place) => [inShell(place, `unset ${names.join(' ')}`)],
  'join-groups': ({ groups }, place) => [
    there(place, `usermod -aG ${groups.join(',')} "$USER"`, true),
    ...(place.reach.via === 'here' ? [`newgrp ${groups.at(-1) ?? ''}`] : []),
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

/** Commands of tapprep that are refused where the target is only described. */
export const NEEDS_MACHINE: ReadonlySet<string> = new Set(['install', 'remove', 'verify']);

/** A machine that nothing can be done on from here. */
export function isDescribed(reach: Reach): boolean {
  return reach.via === 'facts' || reach.via === 'declared';
}

/** A command of tapprep, which is always run here and names the target. @param more what comes behind its options */
function tapprep(place: Place, words: readonly string[], root: boolean, more: readonly string[] = []): string {
  const { reach } = place;
  // Another machine is entered with the root rights of its own user; those of this one do not matter.
  const sudo = root && place.sudo && (reach.via === 'here' || reach.via === 'root') ? 'sudo ' : '';
  const kernel = place.kernel === null || words.includes('--kernel') ? [] : ['--kernel', place.kernel];
  // What is taken away is taken away whatever kernel is meant.
  const ofKernel =
    words[0] === 'remove' ? [] : [...(words[0] === 'module-key' ? bannerOf(reach) : (reach.more ?? [])), ...kernel];
  const named = targetOptions(
    words[0] === 'module-key' && reach.via === 'declared' ? { ...reach, arch: null, unameV: null } : reach,
  );
  return `${sudo}${quoteCommand(['tapprep', ...words, ...named, ...ofKernel, ...more])}`;
}

/** What a key is for is no matter of a tree. */
function bannerOf({ more = [] }: Reach): readonly string[] {
  return more[0] === '--banner' ? more.slice(0, 2) : [];
}

function targetOptions(reach: Reach): readonly string[] {
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
      return [
        ...(reach.distro === null ? [] : ['--distro', reach.distro]),
        ...(reach.arch === null ? [] : ['--arch', reach.arch]),
        ...(reach.unameV === null ? [] : ['--uname-v', reach.unameV]),
      ];
  }
}

/** Brings a file of this machine to the target. */
function carry({ reach }: Place, path: string, to: string): readonly string[] {
  if (reach.via === 'ssh') {
    const config = reach.configFile === null ? '' : `-F ${quoteWord(reach.configFile)} `;
    return [`scp ${config}${path} ${quoteWord(`${reach.destination}:${to}`)}`];
  }
  return reach.via === 'here' ? [] : [`# carry ${path} to that machine, as ${to}`];
}

const PLAIN_COMMAND = /^[\w@%+:,./=~*' -]+$/;

/** A command of the target's own programs, so written that it never works on the machine that it is pasted on instead. */
function there({ reach, sudo }: Place, command: string, root: boolean): string {
  const prefix = root && sudo ? 'sudo ' : '';
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
      return `${prefix}${command}    # on that machine`;
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

function echoSource(pocket: string): string {
  return `echo "deb http://ddebs.ubuntu.com $(lsb_release -cs)${pocket} main restricted universe multiverse"`;
}

function enableDdebs(place: Place): readonly string[] {
  const tee = `${place.sudo ? 'sudo ' : ''}tee -a ${DDEBS}`;
  return [
    there(place, 'apt-get install -y ubuntu-dbgsym-keyring', true),
    ...['', '-updates'].map((pocket) => there({ ...place, sudo: false }, `${echoSource(pocket)} | ${tee}`, false)),
    there(place, 'apt-get update', true),
  ];
}
