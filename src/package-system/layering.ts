/** What lays packages over a system that is an image: they are there after a reboot, and its own /usr is read-only. */

export type Layering = 'rpm-ostree' | 'transactional-update';

/** The command that lays packages, by name or file, over the image. Sources: rpm-ostree(1), transactional-update(8). */
export const LAY: Readonly<Record<Layering, string>> = {
  'rpm-ostree': 'rpm-ostree install',
  'transactional-update': 'transactional-update --non-interactive pkg install',
};

/** As the probe names them among the front ends. */
export const LAYERINGS = Object.keys(LAY) as readonly Layering[];

export function isLayering(name: string | null): name is Layering {
  return name !== null && Object.hasOwn(LAY, name);
}
