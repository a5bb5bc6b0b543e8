/** The program that the process rung probes: one that lies at the same path where the module is built and where it runs. */
import { collectLibraryClosure } from '../vm/library-closure.ts';
import type { GuestFile } from '../vm/library-closure.ts';
import type { VerifyOptions } from './options.ts';

export interface Witness {
  /** Free of links, as stap writes it into the module. */
  readonly path: string;
  /** The program and its libraries, for a guest. */
  readonly files: readonly GuestFile[];
}

/** true(1) of the target: every system has it, and running it changes nothing. */
export async function findWitness({ host, where, level }: VerifyOptions): Promise<Witness | null> {
  if (level === 'hello') return null;
  const found = await host.which('true');
  if (found === null) return null;
  const [root, program] = [host.localPath('/'), host.localPath(found)];
  if (root === null || program === null) return { path: found, files: [] };
  const path = host.kind === 'root' ? `/${program.slice(root.length).replace(/^\/+/, '')}` : found;
  return { path, files: where === 'vm' ? await collectLibraryClosure(host, [path]) : [] };
}
