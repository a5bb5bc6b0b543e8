/** The staprun of a portable SystemTap inside a virtual machine, where there is no other C library to be kept apart from. */
import { join } from 'node:path';
import { readElf } from '../../elf/read-elf.ts';
import { TapprepError } from '../../errors.ts';
import type { GuestFile } from '../../vm/library-closure.ts';
import type { GuestStaprun } from '../../vm/staprun.ts';
import type { PortableSystemtap } from './kept.ts';

/**
 * The files of staprun for a guest: the programs at their places below the prefix, so that probes of them hit; loader and
 * libraries where the loader looks by itself.
 */
export async function collectGuestStaprun({ directory }: PortableSystemtap, prefix: string): Promise<GuestStaprun> {
  const [staprun, stapio] = [`${prefix}/libexec/staprun`, `${prefix}/libexec/stapio`];
  const files = new Map<string, GuestFile>();
  const queue: string[] = [];
  const add = async (source: string, path: string): Promise<void> => {
    const elf = await readElf(source);
    if (elf === null) throw new TapprepError('BAD_PACKAGE', `${source} is no program or library`);
    files.set(path, { source, path, mode: 0o755 });
    if (elf.interpreter !== null && path.startsWith(prefix)) {
      const loader = join(directory, 'lib', elf.interpreter.split('/').at(-1) ?? '');
      files.set(elf.interpreter, { source: loader, path: elf.interpreter, mode: 0o755 });
    }
    queue.push(...elf.needed);
  };
  await add(join(directory, 'libexec/staprun'), staprun);
  await add(join(directory, 'libexec/stapio'), stapio);
  queue.push('libgcc_s.so.1');
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const path = `/lib/${name}`;
    if (!files.has(path)) await add(join(directory, 'lib', name), path);
  }
  // By this name, without blanks, it calls itself through a shell to remove the module.
  const again = '/usr/bin/staprun';
  files.set(again, { source: join(directory, 'libexec/staprun'), path: again, mode: 0o755 });
  return {
    files: [...files.values()],
    argv: [staprun],
    env: { SYSTEMTAP_STAPRUN: again, SYSTEMTAP_STAPIO: stapio },
  };
}
