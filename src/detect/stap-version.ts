/** What stap and staprun say of themselves, and SystemTap's version numbers: the home of semver in detection. */
import { coerce, compare } from 'semver';

/**
 * For asking stap for its version: whatever it is asked, it makes ~/.systemtap/cache when it starts, unless its data directory
 * cannot be made: then it warns and goes on without a cache (seen with 4.8, 5.1 and 5.6).
 */
export const ASKING_ENV: Readonly<Record<string, string>> = { SYSTEMTAP_DIR: '/dev/null' };

/** What stap said, without its warning of that directory. */
export function withoutAskingWarning(text: string): string {
  return text.replace(/^WARNING: failed to create systemtap data directory "\/dev\/null".*\n?/m, '');
}

/** What `stap -V` or `staprun -V` prints. */
export interface StapVersion {
  /** "4.8" */
  readonly version: string;
  /** "2.6.18 ... 6.1.0-rc3", as printed; null before 3.1, which prints none. */
  readonly testedKernels: string | null;
}

/**
 * Reads the lines of `stap -V` or `staprun -V`: "Systemtap translator/driver (version 4.8/0.188, Debian version 4.8-2)",
 * "tested kernel versions: 2.6.18 ... 6.1.0-rc3". Null when they are of neither.
 */
export function parseStapVersion(lines: readonly string[]): StapVersion | null {
  const first = lines.find((line) => line.toLowerCase().startsWith('systemtap '));
  const version = first === undefined ? null : (/\(version (\d{1,4}(?:\.\d{1,4}){1,2})/.exec(first)?.[1] ?? null);
  if (version === null) return null;
  const tested = lines.find((line) => line.startsWith('tested kernel versions:'));
  return {
    version,
    testedKernels: tested === undefined ? null : tested.slice('tested kernel versions:'.length).trim(),
  };
}

/** Orders two SystemTap versions ("4.8", "5.0"): negative when the first is older. Anything without a number is oldest. */
export function compareStapVersions(a: string, b: string): number {
  return compare(coerce(a) ?? '0.0.0', coerce(b) ?? '0.0.0');
}

/**
 * Where a kernel lies to the range that `stap -V` calls tested, by major and minor number only: "6.1.0-rc3" means that
 * 6.1 was tried. Null when one of them cannot be read. It is a hint, never a verdict: kernels inside it have failed and
 * kernels outside have worked.
 */
export function placeInTestedRange(testedKernels: string, release: string): 'below' | 'within' | 'above' | null {
  const [low, high] = testedKernels.split('...').map((text) => majorMinor(text));
  const kernel = majorMinor(release);
  if (low === undefined || high === undefined || low === null || high === null || kernel === null) return null;
  if (compare(kernel, low) < 0) return 'below';
  return compare(kernel, high) > 0 ? 'above' : 'within';
}

function majorMinor(text: string): string | null {
  // 2.6.18 and 2.6.32 differ in what 3.x and later call the minor number.
  const match = /^\s*(\d{1,3})\.(\d{1,5})(?:\.(\d{1,5}))?/.exec(text);
  if (match === null) return null;
  const [, major = '', minor = '', patch = '0'] = match;
  return `${Number(major)}.${Number(minor)}.${major === '2' ? Number(patch) : 0}`;
}
