/** Systems that no package can be installed in as they stand: /usr is read-only. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { isLayering, LAY } from '../package-system/layering.ts';
import type { HostFacts } from '../types.ts';

/**
 * Before anything is downloaded. What this user may not write tells nothing of what root may.
 * @param count packages that would be installed
 * @throws TapprepError READ_ONLY_SYSTEM
 */
export function refuseReadOnly({ space, user, frontends }: HostFacts, name: string, count: number): void {
  const isReadOnly = user.uid === 0 && space.some(({ path, writable }) => path === '/usr' && !writable);
  if (count === 0 || !isReadOnly) return;
  const layering = frontends.find(isLayering) ?? null;
  const hint =
    layering === null
      ? `gets them; mount -o remount,rw /usr lets them be installed where that is meant to be`
      : `gets them; "${LAY[layering]} packages/*.rpm" on ${name} and a reboot lay them over its image`;
  throw new TapprepError(
    'READ_ONLY_SYSTEM',
    `/usr of ${name} is read-only${layering === null ? '' : ', as the system is an image'}, and ${count} ${count === 1 ? 'package is' : 'packages are'} to be installed there`,
    { remedy: tapprep('fetch', '--dest', 'packages'), hint, facts: { path: '/usr', packages: count, layering } },
  );
}
