/** Asks the files of a kernel and of a SystemTap whether a mend is needed. */
import { posix } from 'node:path';
import { findArchitecture } from '../../detect/architectures.ts';
import { treeOf } from '../../detect/own-kernel.ts';
import type { Host } from '../../host/host.ts';
import type { Target } from '../../types.ts';
import type { KernelTest, Mend, RuntimeTest } from './table.ts';

/** A kernel, and the tree that its modules are built against where it is not that of its packages. */
export type KernelOf = Pick<Target, 'release' | 'arch' | 'own'>;

/** A kernel's answers: null where its files do not tell. */
export interface KernelPresence {
  readonly answer: (test: KernelTest) => boolean | null;
}

/** Whether a text is in a C file: comments do not count, words are whole, one blank stands for any number of them. */
export function hasText(source: string, text: string): boolean {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ');
  const [start, end] = [/^\w/.test(text) ? String.raw`(?<!\w)` : '', /\w$/.test(text) ? String.raw`(?!\w)` : ''];
  const words = text.split(' ').map((word) => word.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`${start}${words.join(String.raw`\s+`)}${end}`).test(code);
}

/** Reads of a kernel's build tree what tests ask for, each file once. @throws TapprepError INTERRUPTED, SSH_LOST */
export async function readKernelPresence(
  host: Host,
  kernel: KernelOf,
  mends: readonly Mend[],
): Promise<KernelPresence> {
  const tests = mends.flatMap(({ kernel }) => kernel);
  const places = await findTrees(host, kernel);
  const texts = new Map<string, string | null>();
  for (const test of tests) {
    if (test.kind === 'symbol' || texts.has(test.file)) continue;
    texts.set(
      test.file,
      await readFirst(host, pathsOf(test, places, findArchitecture(kernel.arch)?.tree ?? kernel.arch)),
    );
  }
  const isRead = [...texts.values()].some((text) => text !== null);
  const names = tests.flatMap((test) => (test.kind === 'symbol' ? [test.name] : []));
  const exported = await readExports(host, kernel, names);
  return {
    answer: (test) => {
      if (test.kind === 'symbol') return exported === null ? null : exported.has(test.name) === test.there;
      // An architecture has files of its own, which others lack: where anything of the tree is read, that says enough.
      const text = texts.get(test.file) ?? (isRead && test.file.startsWith('asm/') ? '' : null);
      return text === null ? null : hasText(text, test.text) === test.there;
    },
  };
}

/** Whether all that a mend asks of the kernel holds; null where something could not be asked and nothing speaks against it. */
export function judgeKernel({ kernel }: Mend, { answer }: KernelPresence): boolean | null {
  const answers = kernel.map(answer);
  if (answers.includes(false)) return false;
  return answers.includes(null) ? null : true;
}

/** Whether all that a mend asks of a runtime holds. @param textOf a file of the runtime; null for none */
export function judgeRuntime({ runtime }: Mend, textOf: (file: string) => string | null): boolean {
  return runtime.every(({ file, text, there }: RuntimeTest) => {
    const source = textOf(file);
    return source !== null && hasText(source, text) === there;
  });
}

/** The build tree, and the trees that it takes its headers from: Debian's has a Makefile that includes another one's. */
export async function findTrees(host: Host, kernel: Pick<KernelOf, 'release' | 'own'>): Promise<readonly string[]> {
  const build = treeOf(kernel);
  const makefile = (await host.readText(`${build}/Makefile`)) ?? '';
  const included = /^include\s+(\/[\w.+~/-]{1,300})\/Makefile\s*$/m.exec(makefile)?.[1];
  return [build, ...(included === undefined ? [] : [included]), `/lib/modules/${kernel.release}/source`];
}

function pathsOf(
  { kind, file }: Exclude<KernelTest, { readonly kind: 'symbol' }>,
  trees: readonly string[],
  arch: string,
): readonly string[] {
  const below = kind === 'tree' ? '.' : file.startsWith('asm/') ? `arch/${arch}/include` : 'include';
  // A Makefile that only includes another one says nothing by itself: the tree that it includes is asked first.
  const order = kind === 'tree' ? trees.toReversed() : trees;
  return order.map((tree) => posix.join(tree, below, file));
}

async function readFirst(host: Host, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const text = await host.readText(path);
    if (text !== null) return text;
  }
  return null;
}

/** Which of the names Module.symvers exports; null where there is none. The file has megabytes, so the target looks through it. */
async function readExports(
  host: Host,
  kernel: KernelOf,
  names: readonly string[],
): Promise<ReadonlySet<string> | null> {
  if (names.length === 0) return new Set();
  const pattern = `^0x[0-9a-f]+[[:space:]](${names.join('|')})[[:space:]]`;
  if ((await host.which('grep')) === null) return null;
  const run = await host.run(['grep', '-E', '-e', pattern, '--', `${treeOf(kernel)}/Module.symvers`]);
  if (run.exitCode !== 0 && run.exitCode !== 1) return null;
  return new Set(run.stdout.split('\n').flatMap((line) => line.split(/\s/)[1] ?? []));
}
