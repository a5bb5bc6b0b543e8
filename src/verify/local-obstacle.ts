/** What keeps the running kernel from taking a module at all, told before anything is built for it. */
import { describeLoad, foretell, type SigningKey } from '../detect/module-policy.ts';
import type { HostFacts } from '../types.ts';

interface Obstacle {
  applies(facts: HostFacts): boolean;
  readonly reason: string;
}

const OBSTACLES: readonly Obstacle[] = [
  {
    applies: ({ security }) => security.container !== null,
    reason: 'this is a container, and the kernel is that of its host',
  },
  {
    applies: ({ user }) =>
      user.uid !== 0 && !['stapusr', 'stapsys', 'stapdev'].some((name) => user.groups.includes(name)),
    reason: 'loading a module needs root rights or membership of stapdev and stapusr',
  },
];

/** One clause that says why; null when nothing is known to be in the way. @param key by which modules are signed; null for none */
export function findLocalObstacle(facts: HostFacts, key: SigningKey | null): string | null {
  const verdict = foretell(facts, key);
  if (verdict.loads === false) return describeLoad(verdict, facts, key);
  return OBSTACLES.find((obstacle) => obstacle.applies(facts))?.reason ?? null;
}
