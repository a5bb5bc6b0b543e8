/** The system in a root directory is somebody else's: nothing outside is read, written or removed for it. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../src/host/host.ts';
import { type Attack, held, type Outcome, succeeded, type Tree } from './attack.ts';

const LINKS = {
  file: 'src/host/root-path.ts',
  text: 'const target = isLast && !follow ? null : linkTarget(join(root, ...done, part));',
  replacement: 'const target: string | null = linkTarget(root) ?? null;',
};
const LAST_LINK = {
  file: 'src/host/root.ts',
  text: 'readTextFile(resolveInRoot(root, path), false)',
  replacement: 'readTextFile(resolveInRoot(root, path), true)',
};
const NO_FOLLOW = {
  file: 'src/host/root-path.ts',
  text: "if (part === '..') {\n      done.pop();\n      continue;\n    }",
  replacement: "if (part === '..' && done.length > 99) continue;",
};

interface Place {
  readonly root: string;
  /** A file beside the root that is none of its business. */
  readonly secret: string;
}

interface Trap {
  readonly name: string;
  readonly guard?: Attack['guard'];
  readonly lay: (place: Place) => void;
  readonly spring: (host: Host, place: Place) => Promise<string | null>;
}

const TRAPS: readonly Trap[] = [
  {
    name: 'etc/os-release as a link to a file of this machine',
    lay: ({ root, secret }) => symlinkSync(secret, join(root, 'etc/os-release')),
    spring: (host) => host.readText('/etc/os-release'),
  },
  {
    name: 'etc/os-release as a link upwards out of the root',
    lay: ({ root }) => symlinkSync('../../secret', join(root, 'etc/os-release')),
    spring: (host) => host.readText('/etc/os-release'),
  },
  {
    name: 'a directory of the root as a link to one of this machine',
    lay: ({ root, secret }) => symlinkSync(join(secret, '..'), join(root, 'srv')),
    spring: (host) => host.readText('/srv/secret'),
  },
  {
    name: 'a path with ".." that is asked for inside the root',
    guard: [NO_FOLLOW],
    lay: () => undefined,
    spring: (host) => host.readText('/../secret'),
  },
  {
    name: 'a directory as a link outside, through which a journal is written',
    lay: ({ root, secret }) => {
      mkdirSync(join(secret, '../elsewhere'));
      symlinkSync(join(secret, '../elsewhere'), join(root, 'srv'));
    },
    spring: async (host, { secret }) => {
      await host.writeFile('/srv/journal.json', 'the journal', 0o644);
      const there = join(secret, '../elsewhere/journal.json');
      return existsSync(there) ? readFileSync(there, 'utf8') : null;
    },
  },
];

/** The probe, as who may not enter the root runs it, or where no program of the root can: from outside. */
const PROBED: readonly (Omit<Trap, 'spring'> & { readonly guard: Attack['guard']; readonly told: string })[] = [
  {
    name: 'a module whose name has two lines, of which the first is a link to a file of this machine',
    guard: [
      { file: 'src/host/probe.sh', text: '[ ! -f "$module" ] || [ -L "$module" ]', replacement: '[ -z "$module" ]' },
    ],
    lay: ({ root, secret }) => {
      const modules = join(root, 'lib/modules/6.1.0-1-amd64/kernel');
      mkdirSync(modules, { recursive: true });
      symlinkSync(secret, join(modules, 'a.ko'));
      writeFileSync(join(modules, 'a.ko\nb.ko'), '');
    },
    told: '\nvermagic\twhat is outside\n',
  },
  {
    name: 'a list of files of a package that is a link to one of this machine',
    guard: [{ file: 'src/host/probe.sh', text: `-name '*.list' -type f`, replacement: `-name '*.list'` }],
    lay: ({ root, secret }) => {
      mkdirSync(join(root, 'usr/bin'), { recursive: true });
      writeFileSync(join(root, 'usr/bin/stap'), '', { mode: 0o755 });
      mkdirSync(join(root, 'var/lib/dpkg/info'));
      symlinkSync(secret, join(root, 'var/lib/dpkg/info/outside.list'));
    },
    told: '\nstap-owner\toutside\n',
  },
];

async function probe(tree: Tree, { lay, told }: (typeof PROBED)[number]): Promise<Outcome> {
  const { createLocalHost } = await tree.load<typeof import('../../src/host/local.ts')>('src/host/local.ts');
  const place = makePlace(tree, 'vermagic=what is outside\n/usr/bin/stap\n');
  lay(place);
  const input = readFileSync(join(tree.root, 'src/host/probe.sh'), 'utf8');
  const { stdout } = await createLocalHost().run(['sh', '-s', '--', place.root], { input });
  if (!stdout.endsWith('\nend\t1\n')) throw new Error(`the probe was cut: ${stdout.slice(-200)}`);
  return stdout.includes(told) ? succeeded(told.trim()) : held('nothing outside is reached');
}

function makePlace(tree: Tree, secret: string): Place {
  const above = tree.scratch();
  const place = { root: join(above, 'root'), secret: join(above, 'secret') };
  mkdirSync(join(place.root, 'etc'), { recursive: true });
  mkdirSync(join(place.root, 'var/lib/dpkg'), { recursive: true });
  writeFileSync(join(place.root, 'var/lib/dpkg/status'), 'Package: dpkg\n');
  writeFileSync(place.secret, secret);
  return place;
}

const reached: readonly Attack[] = TRAPS.map(({ name, guard = [LINKS, LAST_LINK], lay, spring }) => ({
  name,
  guard,
  attempt: async (tree): Promise<Outcome> => {
    const { createRootHost } = await tree.load<typeof import('../../src/host/root.ts')>('src/host/root.ts');
    const place = makePlace(tree, 'what is outside');
    lay(place);
    const found = await spring(createRootHost(place.root), place);
    return found === null || found === '' ? held('nothing outside is reached') : succeeded(`"${found}"`);
  },
}));

export const attacks: readonly Attack[] = [
  ...reached,
  ...PROBED.map((trap) => ({ name: trap.name, guard: trap.guard, attempt: (tree: Tree) => probe(tree, trap) })),
];
