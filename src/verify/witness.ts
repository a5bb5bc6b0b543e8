/** The program that the process rung probes: one that lies at the same path where the module is built and where it runs. */
import type { Host } from '../host/host.ts';
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
export async function findWitness({ host, where, level, cross }: VerifyOptions): Promise<Witness | null> {
  if (level === 'hello') return null;
  if (cross !== undefined) return { path: cross.witness.path, files: [cross.witness] };
  const found = await host.which('true');
  if (found === null) return null;
  const path = host.kind === 'local' ? found : await withoutLinks(host, found);
  return { path, files: where === 'vm' ? await collectLibraryClosure(host, [path]) : [] };
}

async function withoutLinks(host: Host, path: string): Promise<string> {
  const [root, local] = [host.localPath('/'), host.localPath(path)];
  if (root !== null && local !== null) return `/${local.slice(root.length).replace(/^\/+/, '')}`;
  const { stdout, exitCode } = await host.run(['readlink', '-f', path]);
  return exitCode === 0 ? stdout.trim() : path;
}
