/** What keeps the running kernel from taking a module at all, told before anything is built for it. */
import { findMissingGroups } from '../detect/load-groups.ts';
import { describeLoad, foretell, type SigningKey } from '../detect/module-policy.ts';
import type { HostFacts } from '../types.ts';

/** Each says in one clause why, or null where it is not in the way. */
const OBSTACLES: readonly ((facts: HostFacts) => string | null)[] = [
  ({ security }) => (security.container === null ? null : 'this is a container, and the kernel is that of its host'),
  ({ user }) => {
    const missing = findMissingGroups(user);
    return missing.length === 0
      ? null
      : `loading a module needs root rights or membership of stapusr and stapdev, but ${user.name ?? `uid ${user.uid}`} is not in ${missing.join(' and ')}`;
  },
];

/** One clause that says why; null when nothing is known to be in the way. @param key by which modules are signed; null for none */
export function findLocalObstacle(facts: HostFacts, key: SigningKey | null): string | null {
  const verdict = foretell(facts, key);
  if (verdict.loads === false) return describeLoad(verdict, facts, key);
  for (const tell of OBSTACLES) {
    const reason = tell(facts);
    if (reason !== null) return reason;
  }
  return null;
}
