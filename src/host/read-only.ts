/** A host of a dry run: it can be asked, and nothing on it can be changed. */
import { TapprepError } from '../errors.ts';
import { type Host, isRemote, type RemoteHost } from './host.ts';

/** The same host, on which every change of a file throws; commands are for whoever asks to leave out. */
export function readOnly(host: Host): Host {
  const refuse = async (path: string): Promise<never> => {
    throw new TapprepError('INTERNAL', `a dry run was about to change ${path} on ${host.name}`);
  };
  const changes: Pick<Host, 'writeFile' | 'removeFile' | 'putFile'> = {
    writeFile: refuse,
    removeFile: refuse,
    putFile: (_source, path) => refuse(path),
  };
  // What else the host has, getters too, stays its own.
  const same = Object.assign(Object.create(host) as Host, changes);
  return isRemote(host)
    ? Object.assign(same, { asRoot: async () => readOnly(await host.asRoot()) as RemoteHost })
    : same;
}
