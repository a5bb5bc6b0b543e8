/** Whether programs can be run from a directory, as the mount table tells it. */
import { readFile } from 'node:fs/promises';

/** The mount point of the file system that a path of this machine lies on, when it is mounted noexec; else null. */
export async function findNoexecMount(path: string): Promise<string | null> {
  const mount = findMount(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''), path);
  return mount?.options.includes('noexec') === true ? mount.point : null;
}

/** The mount that holds a path, of the text of mountinfo (proc(5)): the longest mount point, of equal ones the last. */
export function findMount(
  mountinfo: string,
  path: string,
): { readonly point: string; readonly options: readonly string[] } | null {
  let found: { point: string; options: readonly string[] } | null = null;
  for (const line of mountinfo.split('\n')) {
    const [, , , , rawPoint, options] = line.split(' ');
    if (rawPoint === undefined || options === undefined) continue;
    // Blanks and backslashes stand as octal numbers.
    const point = rawPoint.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    );
    const holds = point === '/' || path === point || path.startsWith(`${point}/`);
    if (holds && point.length >= (found?.point.length ?? 0)) found = { point, options: options.split(',') };
  }
  return found;
}
