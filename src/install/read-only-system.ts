/** Systems that no package can be installed in as they stand: /usr is read-only. */
import { countOf } from '../count.ts';
import { TapprepError } from '../errors.ts';
import { type Host, isRemote } from '../host/host.ts';
import { tapprep } from '../make-remedy.ts';
import { isLayering, LAY } from '../package-system/layering.ts';
import type { HostFacts } from '../types.ts';

/**
 * Before anything is downloaded. That an ordinary user may not write there says nothing of root.
 * @param count packages that would be installed
 * @throws TapprepError READ_ONLY_SYSTEM
 */
export function refuseReadOnly({ space, user, frontends }: HostFacts, host: Host, count: number): void {
  const isReadOnly = user.uid === 0 && space.some(({ path, writable }) => path === '/usr' && !writable);
  if (count === 0 || !isReadOnly) return;
  const layering = frontends.find(isLayering) ?? null;
  const carried = isRemote(host) ? `gets them here; carried to ${host.name}` : 'gets them';
  const hint =
    layering === null
      ? `${carried}. They can be installed once the file system of /usr is mounted writable: "findmnt -T /usr" names it`
      : `${carried}${isRemote(host) ? ',' : ';'} "${LAY[layering]} packages/*.rpm" and a reboot lay them over the image`;
  throw new TapprepError(
    'READ_ONLY_SYSTEM',
    `/usr of ${host.name} is read-only${layering === null ? '' : ', as the system is an image'}, and ${countOf(count, 'package is', 'packages are')} to be installed there`,
    { remedy: tapprep('fetch', '--dest', 'packages'), hint, facts: { path: '/usr', packages: count, layering } },
  );
}
