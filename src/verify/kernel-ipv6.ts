/** Whether IPv6 is built into a kernel. */
import { treeOf } from '../detect/own-kernel.ts';
import type { Host } from '../host/host.ts';
import type { Target } from '../types.ts';

/** As the configuration in its build tree says; false where there is none. */
export async function hasIpv6(host: Host, target: Pick<Target, 'release' | 'own'>): Promise<boolean> {
  return /^CONFIG_IPV6=y$/m.test((await host.readText(`${treeOf(target)}/.config`)) ?? '');
}
