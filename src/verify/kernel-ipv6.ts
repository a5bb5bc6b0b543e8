/** Whether IPv6 is built into a kernel. */
import type { Host } from '../host/host.ts';

/** As the configuration in its build tree says; false where there is none. */
export async function hasIpv6(host: Host, release: string): Promise<boolean> {
  return /^CONFIG_IPV6=y$/m.test((await host.readText(`/lib/modules/${release}/build/.config`)) ?? '');
}
