/** Signs a module that was built on a host, on this machine, and puts the signed copy beside it. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { readSigningHash } from '../sign/signing-hash.ts';
import type { ModuleSigner } from '../sign/module-signer.ts';

/**
 * What stap keeps stays as it is: the signed module is another file, of the same name.
 * @param directory on the host, the module's own
 * @returns its path on the host
 * @throws TapprepError MODULE_HASH_UNKNOWN, of ModuleSigner.sign, PERMISSION, NO_SPACE
 */
export async function signBuilt(
  host: Host,
  signer: ModuleSigner,
  modulePath: string,
  { release, directory }: { readonly release: string; readonly directory: string },
): Promise<string> {
  const local = await host.fetchFile(modulePath);
  if (local === null) throw new TapprepError('INTERNAL', `${modulePath} was built on ${host.name} but is not there`);
  const name = posix.basename(modulePath);
  const signed = await signer.sign(await readFile(local), name, await readSigningHash(host, release));
  const path = posix.join(directory, 'signed', name);
  await host.writeFile(path, signed, 0o600);
  return path;
}
