/** Where the commands of a remedy work, as seen from where they are pasted. Pure. */
import type { HostFacts } from '../types.ts';
import type { Manager } from './situation.ts';

/** How the machine in question is named to tapprep and reached by anything else. */
export type Reach =
  | { readonly via: 'here' }
  | { readonly via: 'root'; readonly directory: string }
  | { readonly via: 'ssh'; readonly destination: string; readonly configFile: string | null }
  /** Only known by a file, "-" included: nothing can be done on it from here. */
  | { readonly via: 'facts'; readonly file: string }
  | {
      readonly via: 'declared';
      readonly distro: string;
      readonly arch: string | null;
      readonly unameV: string | null;
    };

export const HERE: Reach = { via: 'here' };

/** Everything that turns a remedy into commands. */
export interface Place {
  readonly reach: Reach;
  /** What --kernel names; null where it is the running one. */
  readonly kernel: string | null;
  /** Null where nothing tells the package system. */
  readonly manager: Manager | null;
  /** Commands that change the system need sudo in front. */
  readonly sudo: boolean;
}

/** The reach that facts tell of by themselves: those of a root directory name it. */
export function reachOf(facts: HostFacts | null): Reach {
  return facts?.source === 'root' && facts.root !== null ? { via: 'root', directory: facts.root } : HERE;
}

/** The target options of the command line that were given. */
export interface GivenTarget {
  readonly kernel: string | null;
  readonly distro: string | null;
  readonly arch: string | null;
  readonly unameV: string | null;
  readonly root: string | null;
  readonly host: string | null;
  readonly facts: string | null;
}

/** The same from the options that a command was given. @param sshConfig --ssh-config, null for none */
export function reachByOptions(given: GivenTarget, sshConfig: string | null): Reach {
  if (given.host !== null) return { via: 'ssh', destination: given.host, configFile: sshConfig };
  if (given.root !== null) return { via: 'root', directory: given.root };
  if (given.facts !== null) return { via: 'facts', file: given.facts };
  if (given.distro === null) return HERE;
  return { via: 'declared', distro: given.distro, arch: given.arch, unameV: given.unameV };
}
