/** Takes out of what could be done what cannot be done on this target, and what tapprep itself would refuse. Pure. */
import type { Remedy } from '../types.ts';
import { shellLine, shellText } from '../shell-words.ts';
import { hasWholeTree } from '../detect/own-kernel.ts';
import { prepare, REBOOT, run, runAsRoot } from '../make-remedy.ts';
import { searchByOther, systemtapByOther } from './other-managers.ts';
import { isRefused } from './render-remedy.ts';
import { releaseWord } from './rule.ts';
import type { Situation } from './situation.ts';
import { DPKG } from '../package-system/dpkg.ts';
import { isLayering, type Layering } from '../package-system/layering.ts';
import { RPM } from '../package-system/rpm.ts';

/** Whether `tapprep install` knows the packages of the kernel in question. Unknown where no kernel is named: then it looks. */
export function canPrepare(situation: Situation): boolean {
  const { release, packages, host } = situation;
  // Its /usr is read-only.
  if (!canBeNamed(situation) || isLayering(situation.place.manager) || situation.otherManager !== null) return false;
  const isOnItsOwn = host !== null && (host.own !== undefined || hasWholeTree(host));
  if (isOnItsOwn && host.security.container === null) return true;
  if (host?.security.container != null || host?.security.wsl === true) return false;
  if (findDoubt(situation) !== null) return false;
  return release === null || packages.standing === 'packaged' || packages.standing === 'habit';
}

/** Why a machine that was looked at does not tell which kernel is meant, as a sentence: tapprep would ask the same. Null where it does. */
export function findDoubt({ host, release, packages }: Situation): string | null {
  if (host === null || host.source === 'declared') return null;
  const { installedReleases, running } = host.kernel;
  if (release !== null) {
    const isSeen = running || installedReleases.includes(release);
    return isSeen || packages.standing !== 'habit'
      ? null
      : `Kernel ${release} is not installed, and no table of tapprep has a release of that form: --kernel takes it as "uname -r" prints it where it runs.`;
  }
  if (installedReleases.length === 1) return null;
  const there = installedReleases.length === 0 ? 'No kernel is' : `The kernels ${installedReleases.join(', ')} are`;
  return `${there} installed, and none was named: --kernel takes the one that is meant, as "uname -r" prints it where it runs.`;
}

/** A machine that is declared is nothing without its kernel. */
function canBeNamed({ place, otherMachine }: Situation): boolean {
  if (otherMachine !== null) return false;
  return place.reach.via !== 'declared' || place.kernel !== null;
}

/** What remains for this target; packages that nobody can name are left to tapprep, where it knows them. */
export function settleRemedies(remedies: readonly Remedy[], situation: Situation): readonly Remedy[] {
  // A cache that is the fault itself is emptied in any case.
  const isBeside = remedies.some(({ kind }) => kind !== 'empty-caches');
  const useful = isBeside && !hasCache(situation) ? remedies.filter(({ kind }) => kind !== 'empty-caches') : remedies;
  return useful.flatMap((remedy) => settle(remedy, situation));
}

/** The same, and never nothing: who packages the kernel is the first thing to know where nothing else can be said. */
export function settleOrAsk(remedies: readonly Remedy[], situation: Situation): readonly Remedy[] {
  const settled = settleRemedies(remedies, situation);
  const useful = settled.some((remedy) => remedy.kind !== 'empty-caches');
  return useful || remedies.every((remedy) => remedy.kind === 'empty-caches')
    ? settled
    : [askOwner(situation), ...askSources(situation), ...settled];
}

/** Whoever packs a kernel for dpkg by its own makefiles gets headers of this name. */
function askSources({ system, release, packages }: Situation): readonly Remedy[] {
  const isGuess = system === DPKG && packages.standing === 'unknown' && packages.ask === null;
  return release === null || !isGuess ? [] : [run(shellLine`apt-cache policy ${`linux-headers-${release}`}`)];
}

function settle(remedy: Remedy, situation: Situation): readonly Remedy[] {
  switch (remedy.kind) {
    case 'prepare-kernel':
      if (canPrepare(situation)) return [remedy];
      if (situation.otherManager === null) return [];
      return [
        remedy.systemtap === null ? searchByOther(situation.otherManager) : systemtapByOther(situation.otherManager),
      ];
    case 'install-packages':
    case 'reinstall-packages': {
      if (remedy.names.length > 0 && situation.place.manager !== null)
        return isLayering(situation.place.manager) ? layer(remedy, situation.place.manager) : [remedy];
      const tapprepCan = (remedy.purpose === 'kernel' || remedy.purpose === 'systemtap') && canPrepare(situation);
      return tapprepCan ? [prepare()] : [];
    }
    case 'check-sources':
      return situation.place.manager !== null || canBeNamed(situation) ? [remedy] : [];
    case 'empty-caches':
    case 'enable-debug-repository':
    case 'enrol-module-key':
    case 'identify':
    case 'join-groups':
    case 'reboot':
    case 'register':
    case 'run':
    case 'set-clock':
    case 'set-variable':
    case 'unset-variables':
      return [remedy];
    case 'tapprep':
      return canBeNamed(situation) && !isRefused(remedy.words, situation.place.reach) ? [remedy] : [];
  }
}

/** Only SystemTap keeps modules: where nothing speaks of it there is nothing to empty. */
function hasCache({ log, host }: Situation): boolean {
  return log.stapSeen || host?.systemtap != null;
}

/** In the debug repositories of Fedora's files, which are off; rpm-ostree has no option for it. SUSE's are switched on on their own. */
const ENABLE_DEBUG = runAsRoot("sed -i '/debuginfo\\]/,/^$/ s/^enabled=0/enabled=1/' /etc/yum.repos.d/*.repo");

/** Packages are laid over an image, and are there after a reboot; what is in the image is as it was signed. */
function layer(
  remedy: Extract<Remedy, { kind: 'install-packages' | 'reinstall-packages' }>,
  by: Layering,
): readonly Remedy[] {
  if (remedy.kind === 'reinstall-packages') return [];
  return [...(by === 'rpm-ostree' && remedy.repositories === 'debug' ? [ENABLE_DEBUG] : []), remedy, REBOOT];
}

/** Which package brought the modules of the kernel in question; both package systems are asked where neither is known, unless there is none. */
export function askOwner(situation: Situation): Remedy {
  const { system, log } = situation;
  // The banner names who built it.
  if (system === null && log.withoutDatabase) return run('cat /proc/version');
  const directory = shellText`/lib/modules/${releaseWord(situation)}`;
  return run(
    system?.ownerCommand(directory) ?? shellText`${RPM.ownerCommand(directory)} || ${DPKG.ownerCommand(directory)}`,
  );
}
