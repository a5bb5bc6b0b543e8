/** What keeps the running kernel from taking a module at all, told before anything is built for it. */
import type { HostFacts } from '../types.ts';

interface Obstacle {
  applies(facts: HostFacts): boolean;
  readonly reason: string;
}

const OBSTACLES: readonly Obstacle[] = [
  {
    applies: ({ config }) => config['CONFIG_MODULES'] === 'n',
    reason: 'the running kernel was built without loadable modules (CONFIG_MODULES is off)',
  },
  {
    applies: ({ security }) => security.modulesDisabled === true,
    reason: 'kernel.modules_disabled is 1, which only a reboot takes back',
  },
  {
    applies: ({ security }) => security.lockdown === 'integrity' || security.lockdown === 'confidentiality',
    reason: 'the kernel is locked down and takes signed modules only',
  },
  {
    applies: ({ security }) => security.moduleSigEnforce === true,
    reason: 'the kernel takes signed modules only (module.sig_enforce)',
  },
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

/** One clause that says why; null when nothing is known to be in the way. */
export function findLocalObstacle(facts: HostFacts): string | null {
  return OBSTACLES.find((obstacle) => obstacle.applies(facts))?.reason ?? null;
}
