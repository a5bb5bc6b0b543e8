/** Epoch, version and release of an rpm, read and compared as rpm does. Pure. */
import { compareRpmVersions } from './rpm-vercmp.ts';

/** The three parts of "[epoch:]version[-release]". */
export interface Evr {
  /** Digits without leading zeros; "0" where the text states none. */
  readonly epoch: string;
  readonly version: string;
  /** null where the text has no release: then any release fits. */
  readonly release: string | null;
}

/** Reads "[epoch:]version[-release]"; what stands before a colon counts as epoch only when it is digits. */
export function parseEvr(text: string): Evr {
  const colon = text.indexOf(':');
  const hasEpoch = colon !== -1 && /^\d*$/.test(text.slice(0, colon));
  const rest = hasEpoch ? text.slice(colon + 1) : text;
  const dash = rest.lastIndexOf('-');
  return {
    epoch: hasEpoch ? normalizeEpoch(text.slice(0, colon)) : '0',
    version: dash === -1 ? rest : rest.slice(0, dash),
    release: dash === -1 ? null : rest.slice(dash + 1),
  };
}

/** "[epoch:]version[-release]" with epoch 0 left out, the form that plans and records use. */
export function formatEvr(epoch: string | null, version: string, release: string | null): string {
  const number = normalizeEpoch(epoch ?? '0');
  return `${number === '0' ? '' : `${number}:`}${version}${release === null ? '' : `-${release}`}`;
}

/** version-release without the epoch: what stands in file names and in `uname -r`. */
export function versionRelease(evr: string): string {
  const { version, release } = parseEvr(evr);
  return formatEvr(null, version, release);
}

/** Compares two "[epoch:]version[-release]" texts: epoch, then version, then release; a missing release equals any. */
export function compareEvr(a: string, b: string): -1 | 0 | 1 {
  const left = parseEvr(a);
  const right = parseEvr(b);
  return (
    compareRpmVersions(left.epoch, right.epoch) ||
    compareRpmVersions(left.version, right.version) ||
    (left.release === null || right.release === null ? 0 : compareRpmVersions(left.release, right.release))
  );
}

function normalizeEpoch(digits: string): string {
  const stripped = digits.replace(/^0+/, '');
  return stripped === '' ? '0' : stripped;
}
