/** Where the commands of a remedy work, as seen from where they are pasted. Pure. */
import type { HostFacts, OwnKernel, TargetOptions } from '../types.ts';
import type { Manager } from './situation.ts';

/** How the machine in question is named to tapprep and reached by anything else. */
export type Reach = {
  /** Options that name its kernel. */
  readonly more?: readonly string[];
  readonly arch?: string | null;
  readonly unameV?: string | null;
} & (
  | { readonly via: 'here' }
  | { readonly via: 'root'; readonly directory: string }
  | { readonly via: 'ssh'; readonly destination: string; readonly configFile: string | null }
  /** Only known by a file, "-" included: nothing can be done on it from here. */
  | { readonly via: 'facts'; readonly file: string }
  /** No distribution where a banner alone tells it. */
  | { readonly via: 'declared'; readonly distro: string | null }
);

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
  const reach: Reach = facts?.source === 'root' && facts.root !== null ? { via: 'root', directory: facts.root } : HERE;
  return facts?.own === undefined ? reach : { ...reach, more: wordsOf(facts.own) };
}

/** A tree and a vmlinux as the options that name them. */
export function wordsOf({ buildTree, vmlinux }: OwnKernel): readonly string[] {
  return [
    ...(buildTree === null ? [] : ['--build-tree', buildTree]),
    ...(vmlinux === null ? [] : ['--vmlinux', vmlinux]),
  ];
}

/** The same from the options that a command was given. @param sshConfig --ssh-config, null for none */
export function reachByOptions(given: TargetOptions, sshConfig: string | null): Reach {
  const { banner = null, buildTree = null, vmlinux = null, arch, unameV } = given;
  const more = [...(banner === null ? [] : ['--banner', banner]), ...wordsOf({ buildTree, vmlinux })];
  return {
    ...placeOf(given, sshConfig),
    ...(more.length === 0 ? {} : { more }),
    ...(arch === null ? {} : { arch }),
    ...(unameV === null ? {} : { unameV }),
  };
}

function placeOf(given: TargetOptions, sshConfig: string | null): Reach {
  if (given.host !== null) return { via: 'ssh', destination: given.host, configFile: sshConfig };
  if (given.root !== null) return { via: 'root', directory: given.root };
  if (given.facts !== null) return { via: 'facts', file: given.facts };
  if (given.distro === null && (given.banner ?? null) === null) return HERE;
  return { via: 'declared', distro: given.distro };
}
