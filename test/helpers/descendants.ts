/** Every process below one, whatever session and group each is in. */
import { readdirSync, readFileSync } from 'node:fs';

/** The process itself and all that it started and that are still below it, as /proc has them now. */
function descendantsOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (parent: number): readonly number[] => [parent, ...(children.get(parent) ?? []).flatMap(below)];
  return below(pid);
}

/** kill -9 of the process and of all below it: as where a machine loses its power. What has ended meanwhile is passed over. */
export function killAll(pid: number): void {
  for (const each of descendantsOf(pid)) {
    try {
      process.kill(each, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
