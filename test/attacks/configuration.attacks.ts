/** A configuration decides where packages come from and what is forbidden: who may write one of its files must not be somebody else. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Configuration } from '../../src/cli/configuration.ts';
import { type Attack, codeOf, type GuardEdit, held, type Outcome, refusalOf, succeeded, type Tree } from './attack.ts';

/** Another user of this machine; the attacks run as root. */
const NOBODY = 65534;
const FILE = 'src/cli/configuration.ts';
const WHOSE = 'src/files/ancestors.ts';
const MODE: GuardEdit = { file: WHOSE, text: 'return isOpen(info) ? {', replacement: 'return info.uid < 0 ? {' };
const OWNER: GuardEdit = {
  file: WHOSE,
  text: 'if (!trusted.includes(info.uid)) return',
  replacement: 'if (info.uid < 0) return',
};
const LISTS_ADD: GuardEdit = {
  file: FILE,
  text: "return kind === 'list' ? found : found.slice(0, 1);",
  replacement: 'return found.slice(0, kind.length > 0 ? 1 : 0);',
};

interface Files {
  readonly system: string;
  readonly own: string;
  readonly read: () => Promise<Configuration>;
}

async function openFiles(tree: Tree, texts: { readonly system?: string; readonly own?: string }): Promise<Files> {
  const directory = tree.scratch();
  const system = join(directory, 'etc/tapprep.toml');
  const own = join(directory, 'home/.config/tapprep/config.toml');
  for (const [path, text] of [
    [system, texts.system],
    [own, texts.own],
  ] as const) {
    if (text === undefined) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
  }
  const { readConfiguration } = await tree.load<typeof import('../../src/cli/configuration.ts')>(FILE);
  return { system, own, read: () => readConfiguration({ HOME: join(directory, 'home') }, system) };
}

const MIRROR = 'mirror = ["rpm-md=https://evil.example/"]\nproxy = "http://evil.example:3128/"\n';
const sourceOf = ({ settings }: Configuration): string => `packages from ${String(settings[0]?.value)}`;

async function attemptForbidden(tree: Tree): Promise<Outcome> {
  const { read } = await openFiles(tree, { system: 'never = ["allow-unsigned-packages"]\n', own: 'never = []\n' });
  const [{ requireAllowed }, { COMMANDS }] = await Promise.all([
    tree.load<typeof import('../../src/cli/apply-configuration.ts')>('src/cli/apply-configuration.ts'),
    tree.load<typeof import('../../src/cli/commands.ts')>('src/cli/commands.ts'),
  ]);
  const options = COMMANDS.flatMap((row) => row.options);
  const configuration = await read();
  try {
    requireAllowed({ allowUnsignedPackages: true }, options, configuration, options);
  } catch (error) {
    return held(codeOf(error));
  }
  return succeeded('packages that nobody signed');
}

export const attacks: readonly Attack[] = [
  {
    name: 'root asks a repository of somebody who could write to its configuration',
    guard: [MODE],
    async attempt(tree) {
      const { system, read } = await openFiles(tree, { system: MIRROR });
      chmodSync(system, 0o666);
      return refusalOf(read(), sourceOf);
    },
  },
  {
    name: "root asks a repository of another user whose file lies in root's home",
    guard: [OWNER],
    async attempt(tree) {
      const { own, read } = await openFiles(tree, { own: MIRROR });
      chownSync(own, NOBODY, NOBODY);
      return refusalOf(read(), sourceOf);
    },
  },
  {
    name: "a user takes back with a file of his own what the organisation's forbids",
    guard: [LISTS_ADD],
    attempt: attemptForbidden,
  },
];
