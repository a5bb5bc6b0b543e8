/** What lays packages over a system that is an image: they are there after a reboot, and its own /usr is read-only. */

/** As the probe names them among the front ends. */
export const LAYERINGS = ['rpm-ostree', 'transactional-update'] as const;
export type Layering = (typeof LAYERINGS)[number];

/** The command that lays packages, by name or file, over the image. Sources: rpm-ostree(1), transactional-update(8). */
export const LAY: Readonly<Record<Layering, string>> = {
  'rpm-ostree': 'rpm-ostree install',
  'transactional-update': 'transactional-update --non-interactive pkg install',
};

export function isLayering(name: string | null): name is Layering {
  return name === 'rpm-ostree' || name === 'transactional-update';
}
