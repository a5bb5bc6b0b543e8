/** Symptoms of packages that are there and that the package manager was told to leave alone: locked, pinned or held. */
import { install, run, runAsRoot } from '../../make-remedy.ts';
import { quoteCommand, shellLine, shellText } from '../../shell-words.ts';
import { NOT_FOUND_PATTERNS, readAsked } from '../package-manager/asked-packages.ts';
import { judgeNotFound } from '../package-manager/read-answers.ts';
import { text, type Pattern, type Rule, type Match } from '../rule.ts';
import { asksZypper, type Situation } from '../situation.ts';

/** yum says so at every run where there is any lock, which may be of something else. */
const LOCKS_COUNT = text('due to versionlock', /^Excluding \d{1,5} updates? due to versionlock/);
const HELD: readonly Pattern[] = [
  text('Held packages were changed'),
  text('held packages will be changed', /^The following held packages will be changed:/),
];
/** In any language: what is asked for needs something in a version that does not come. */
const NEEDS_OTHER = text(
  'linux-headers-',
  /^(?:linux|pve|proxmox)-headers-\S{1,120} : [^:]{2,30}: (?:linux|pve|proxmox)-\S/,
);
const LOCKED: readonly Pattern[] = [
  text('locked and will not be changed', /\b(?:is|are) locked and will not be changed by any action/),
  text('to be installed', /the to be installed (kernel-[a-z][\w-]{1,60}?)-\d\S{1,100} is locked/),
  text('remove lock to allow', /remove lock to allow \w{4,12} of (kernel-[a-z][\w-]{1,60}?)-\d/),
];

export const WITHHELD_RULES: readonly Rule[] = [
  {
    code: 'REPO_MISCONFIGURED',
    patterns: NOT_FOUND_PATTERNS,
    hints: [LOCKS_COUNT],
    grade: (match) => {
      if (judgeNotFound(match).length === 0) return null;
      return lockOf(match) !== null ? 'proves' : match.seen(LOCKS_COUNT) ? 'allows' : null;
    },
    cause: (match) => {
      const lock = lockOf(match);
      return lock === null
        ? 'Some versions are hidden by a lock (versionlock), and what was asked for may be among them.'
        : `A lock lets in ${lock.name} of ${lock.version} alone, so that ${lock.asked} is hidden, wherever it is.`;
    },
    remedies: (situation, match) => {
      const manager = situation.place.manager === 'yum' ? 'yum' : 'dnf';
      const lock = lockOf(match);
      return lock === null
        ? [run(`${manager} versionlock list`)]
        : [runAsRoot(shellLine`${manager} versionlock delete ${lock.name}`), install([lock.asked], 'kernel')];
    },
    otherwise:
      'Locks of other packages hide nothing of a kernel: where none is of what was asked for, the repositories do not carry it.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: NOT_FOUND_PATTERNS,
    grade: (match) => (pinnedOf(match) === null ? null : 'proves'),
    cause: (match) =>
      `The sources have ${pinnedOf(match) ?? ''}, and apt takes no version of it: a pin gives all of them a negative priority.`,
    remedies: () => [run('grep -rsn . /etc/apt/preferences /etc/apt/preferences.d')],
    otherwise: 'Take the paragraph with the negative Pin-Priority out; what failed can then be repeated as it was.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [...HELD, NEEDS_OTHER],
    grade: ({ situation, seen, linesOf }) => {
      const { held } = situation.log.withheld;
      const wanted = linesOf(NEEDS_OTHER).flatMap(({ text: line }) => line.split(/[\s,:()]+/));
      const isInTheWay = HELD.some(seen) || held.some((name) => wanted.includes(name));
      if (held.length > 0) return held.some(isOfKernel) && isInTheWay ? 'proves' : null;
      return situation.log.packages.length > 0 && HELD.some(seen) ? 'points' : null;
    },
    cause: ({ situation }) =>
      `apt is told to hold ${kernelsHeld(situation).join(', ') || 'packages'}, and changes nothing that is held unless it is told to.`,
    remedies: (situation) => {
      const names = kernelsHeld(situation);
      if (names.length === 0) return [run('apt-mark showhold')];
      const { devel } = situation.packages;
      return [
        runAsRoot(shellText`apt-mark unhold ${quoteCommand(names)}`),
        install(devel.length > 0 ? devel : names, 'kernel'),
      ];
    },
    otherwise:
      'Who holds them may have a reason. With --allow-change-held-packages apt-get changes them once and goes on holding them; Ansible has allow_change_held_packages for it.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: LOCKED,
    grade: (match) => (lockedByZypper(match).length === 0 ? null : 'points'),
    cause: (match) => `zypper is told to lock ${lockedByZypper(match).join(', ')}, and changes nothing that is locked.`,
    remedies: (situation, match) => {
      const names = lockedByZypper(match);
      const { devel } = situation.packages;
      return [
        run('zypper locks'),
        runAsRoot(shellText`zypper removelock ${quoteCommand(names)}`),
        install(devel.length > 0 && asksZypper(situation.place) ? devel : names, 'kernel'),
      ];
    },
    otherwise: 'Who locks them may have a reason: "zypper addlock" brings a lock back that was taken away.',
  },
];

/** The package that was asked for in a version which none of its locks lets in. */
function lockOf(match: Match): { readonly name: string; readonly version: string; readonly asked: string } | null {
  const { locks } = match.situation.log.withheld;
  for (const { asked } of judgeNotFound(match)) {
    const own = locks.filter(({ name }) => name === asked.stem);
    const version = asked.name.slice(asked.stem.length + 1);
    const [first] = own;
    const isLetIn = own.some((lock) => version.startsWith(lock.version));
    if (first !== undefined && /^\d/.test(version) && !isLetIn) return { ...first, asked: asked.name };
  }
  return null;
}

function pinnedOf(match: Match): string | null {
  const { pinned } = match.situation.log.withheld;
  return judgeNotFound(match).find(({ asked }) => pinned.includes(asked.name))?.asked.name ?? null;
}

function isOfKernel(name: string): boolean {
  return readAsked(name) !== null;
}

function kernelsHeld({ log }: Situation): readonly string[] {
  return log.withheld.held.filter(isOfKernel);
}

/** As a problem of its solver names it, or in the list below the summary. */
function lockedByZypper({ captures, situation }: Match): readonly string[] {
  const named = captures.flat().filter((name) => name !== undefined);
  return [...new Set([...named, ...kernelsHeld(situation)])];
}
