/** Whether two targets can be of one release of a distribution. Pure. */
import type { Target } from '../types.ts';
import { osVersion } from './kernel-tag.ts';

/** A distribution without releases has the time of its last update as version: opensuse-tumbleweed 20260801, kali 2026.3. */
const ROLLING = /^20\d\d(?:\d{4}$|\.)/;

/** What one of the two does not know says nothing, nor does a word ("sid", "rawhide"); 9 and 9.4 can be one, 20.04 and 22.04 cannot. */
export function isSameRelease(one: Target, other: Target): boolean {
  const [a, b] = [versionOf(one), versionOf(other)];
  if (a === null || b === null || (ROLLING.test(a) && ROLLING.test(b))) return true;
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

function versionOf(target: Target): string | null {
  const version = osVersion(target);
  return version !== null && /^\d/.test(version) ? version : null;
}
