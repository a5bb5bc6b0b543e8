/** A host on which nothing is changed before somebody was asked. */
import { type Host, isRemote, type RemoteHost } from './host.ts';

/**
 * The same host, on which each change of a file is preceded by `ask`, which throws where it may not be. Whatever tapprep puts on a
 * target begins with such a change: that of its journal.
 */
export function asksFirst(host: Host, ask: () => Promise<void>): Host {
  const changes: Pick<Host, 'writeFile' | 'removeFile' | 'putFile'> = {
    writeFile: async (...change) => {
      await ask();
      await host.writeFile(...change);
    },
    removeFile: async (path) => {
      await ask();
      await host.removeFile(path);
    },
    putFile: async (...change) => {
      await ask();
      await host.putFile(...change);
    },
  };
  // What else the host has, getters too, stays its own.
  const same = Object.assign(Object.create(host) as Host, changes);
  return isRemote(host)
    ? Object.assign(same, { asRoot: async () => asksFirst(await host.asRoot(), ask) as RemoteHost })
    : same;
}
