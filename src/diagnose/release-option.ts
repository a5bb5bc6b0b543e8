/** What `stap -r` was given, where it is not what it should be. Pure. */
import { RPM_ARCH } from './log-packages.ts';
import type { Grade } from './rule.ts';
import type { Situation } from './situation.ts';

const ARCHITECTURE = new RegExp(String.raw`^\.(?!noarch)${RPM_ARCH}$`);

/** What was meant, where -r has only the beginning of it, or the name of a file before it. */
export function wholeRelease({ log, host }: Situation): string | null {
  const given = log.releaseOption;
  if (given === null) return null;
  const bare = withoutFile(given);
  const packaged = log.packages.filter(({ kind, installed }) => installed && (kind === 'image' || kind === 'devel'));
  const shown = [
    log.unameRelease,
    ...log.otherTrees.map(({ release }) => release),
    ...packaged.map(({ release }) => release),
    host?.kernel.release ?? null,
    ...(host?.kernel.installedReleases ?? []),
  ];
  const isMeant = (one: string): boolean =>
    one === bare ? one !== given : one.startsWith(bare) && /^[.-]/.test(one.slice(bare.length));
  // What is there by that very name is what is meant.
  return shown.includes(given) ? null : (shown.find((one): one is string => one !== null && isMeant(one)) ?? null);
}

/** A bare version may also be that of a kernel of somebody's own, which is to be compiled for. */
export function gradeOfMeant(situation: Situation): Grade | null {
  const whole = wholeRelease(situation);
  const bare = withoutFile(situation.log.releaseOption ?? '');
  if (whole === null) return null;
  if (whole === bare || ARCHITECTURE.test(whole.slice(bare.length))) return 'proves';
  return bare.includes('-') ? 'points' : 'allows';
}

function withoutFile(given: string): string {
  return given.replace(/^(?:\/boot\/)?(?:vmlinu[xz]|kernel|linux)-/, '');
}

/** The kernel that is cut short has its build tree: nothing is missing. */
export function isOnlyCutShort(situation: Situation): boolean {
  const whole = wholeRelease(situation);
  const grade = gradeOfMeant(situation);
  const { log, host } = situation;
  const hasTree =
    (host?.buildTree?.exists === true && host.kernel.release === whole) ||
    log.packages.some(({ kind, installed, release }) => installed && kind === 'devel' && release === whole) ||
    log.otherTrees.some(({ hasModules, release }) => !hasModules && release === whole);
  return (grade === 'proves' || grade === 'points') && hasTree;
}
