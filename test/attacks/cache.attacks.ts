/** Other users of the machine, who can write where a cache lies or once could: what they put there must never be used. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host, RunResult } from '../../src/host/host.ts';
import type { PortableManifest } from '../../src/systemtap/portable/manifest.ts';
import type { Artifact, DebTarget, Digest, PlanItem, Repository } from '../../src/types.ts';
import { type Attack, type GuardEdit, held, type Outcome, refusalOf, succeeded, type Tree } from './attack.ts';
import { sampleVerdict } from '../helpers/sample-verdict.ts';

/** Another user of this machine; the attacks run as root. */
const NOBODY = 65534;
const SIGNAL = new AbortController().signal;

const DIRECTORIES = 'src/files/private-directory.ts';
const MARK = 'src/files/cache-mark.ts';
const ADMIN = 'src/fetch/cache-admin.ts';
const ANCESTORS = 'src/files/ancestors.ts';
const OWNER: GuardEdit = { file: DIRECTORIES, text: 'if (owner === uid) return await', replacement: 'return await' };
const WRITABLE: GuardEdit = {
  file: ANCESTORS,
  text: 'if (!isOpen(info) || isSticky(info)) return;',
  replacement: 'return;',
};
const FOREIGN_STEP: GuardEdit = {
  file: ANCESTORS,
  text: 'if (!trusted.has(info.uid)) {\n    const why = `belongs',
  replacement: 'if (uid < 0) {\n    const why = `belongs',
};
const FOREIGN_LINK: GuardEdit = {
  file: ANCESTORS,
  text: 'if (!trusted.has(info.uid)) {\n      const why = `is a link',
  replacement: 'if (uid < 0) {\n      const why = `is a link',
};
/** What lay in a cache that others could write to. */
const DROPPED: GuardEdit = {
  file: DIRECTORIES,
  text: 'for (const name of suspects) await rm(',
  replacement: 'for (const name of suspects.slice(suspects.length)) await rm(',
};
const DROPS_FOREIGN: GuardEdit = {
  file: DIRECTORIES,
  text: 'if (foreign === undefined) return',
  replacement: "if (place !== '') return",
};
const COPY_DIGEST: GuardEdit = {
  file: 'src/files/private-copy.ts',
  text: 'if (actual === expected) return;',
  replacement: 'return;',
};

type Directories = typeof import('../../src/files/private-directory.ts');

function openDirectory(tree: Tree, cache: string, ...names: readonly string[]): Promise<string> {
  return tree.load<Directories>(DIRECTORIES).then(({ openPrivateDirectory }) => openPrivateDirectory(cache, ...names));
}

/** A directory with exactly this mode, whatever the umask. */
function makeDirectory(path: string, mode: number, uid = 0): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  chownSync(path, uid, uid);
  return path;
}

/** A file and the directories that lead to it below `cache`, as another user makes them where all may write. */
function plant(cache: string, name: string, data: string | Uint8Array, uid = NOBODY): string {
  const path = join(cache, name);
  const made: string[] = [];
  for (let at = dirname(path); at !== cache; at = dirname(at)) made.push(at);
  for (const directory of made.toReversed()) if (!existsSync(directory)) makeDirectory(directory, 0o755, uid);
  writeFileSync(path, data, { mode: 0o644 });
  chownSync(path, uid, uid);
  return path;
}

/** A cache that was made under umask 000, so that everybody could write to it. */
function openCache(tree: Tree): string {
  return makeDirectory(join(tree.scratch(), 'cache'), 0o777);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A verified artifact as far as what uses its file looks at it. */
function artifactOf(path: string, genuine: string, fileName = 'linux.deb'): Artifact {
  const item = { name: 'linux', version: '1', arch: 'amd64', fileName } as PlanItem;
  return { item, path, evidence: { sha256: sha256(genuine), sizeBytes: genuine.length } } as unknown as Artifact;
}

const GENUINE = 'the bytes that were signed';
const FORGED = 'the bytes of somebody else';

/** Opens a cache directory that stands in some bad way, and takes it over where that is accepted. */
function opening(name: string, guard: readonly GuardEdit[], prepare: (base: string) => void): Attack {
  return {
    name,
    guard,
    attempt: (tree) => {
      const base = makeDirectory(join(tree.scratch(), 'base'), 0o755);
      prepare(base);
      return refusalOf(openDirectory(tree, join(base, 'cache'), 'tmp'), (path) => `${path} is used`);
    },
  };
}

/** A user's own files in a directory that is taken for a cache, or is one, and is cleaned. */
async function loses(tree: Tree, directory: string, names: readonly string[]): Promise<Outcome> {
  const files = names.map((name) => plant(directory, name, 'years of work', 0));
  const { stderr } = await tree.cli(['cache', 'clean', '--cache-dir', directory], { HOME: tree.scratch() });
  const gone = files.filter((file) => !existsSync(file));
  if (gone.length > 0) return succeeded(`${gone.join(', ')} is gone`);
  return held(stderr.includes('USAGE') ? 'USAGE' : 'each has a name of its own');
}

/** What was planted in a cache that others could write to, and what gives it out. */
function planted(
  name: string,
  more: readonly GuardEdit[],
  attempt: (tree: Tree, cache: string) => Promise<Outcome>,
): Attack {
  return { name, guard: [DROPPED, ...more], attempt: (tree) => attempt(tree, openCache(tree)) };
}

const TARGET = { distro: 'debian', packageArch: 'amd64', codename: 'bookworm' } as DebTarget;
const REPOSITORY = {
  suite: 'bookworm',
  components: ['main'],
  baseUrls: ['http://127.0.0.1:9/'],
  trust: { keyrings: [] },
  allowExpiredRelease: false,
} as unknown as Repository;

/** This machine, on which mmdebstrap finds no archive. */
const local = {
  name: 'this host',
  run: (argv: readonly string[]): Promise<RunResult> =>
    Promise.resolve({ argv, exitCode: 1, stdout: '', stderr: 'E: no archive' } as unknown as RunResult),
} as unknown as Host;

const REQUEST = { distro: 'debian', suite: 'sid', version: '5.1', arch: 'x86_64', debArch: 'amd64' } as const;
const WRAPPER = Buffer.from('#!/bin/sh\n');

/** A portable SystemTap that is whole by its own manifest. */
function plantPortable(cache: string, uid: number): string {
  const files = { 'bin/stap': WRAPPER, 'libexec/stap': Buffer.from(FORGED) };
  const manifest: PortableManifest = {
    schema: 'tapprep-systemtap/1',
    version: '5.1',
    packageVersion: '5.1-5',
    distro: REQUEST.distro,
    suite: REQUEST.suite,
    arch: REQUEST.arch,
    minimumKernel: null,
    loader: 'ld.so',
    key: 'abc',
    packages: [],
    files: Object.entries(files).map(([path, data]) => ({
      path,
      sha256: sha256(data),
      bytes: data.length,
      mode: 0o755,
      package: path.startsWith('bin/') ? null : 'systemtap',
    })),
  };
  const folder = 'systemtap/5.1-x86_64-abc';
  for (const [name, data] of Object.entries(files)) chmodSync(plant(cache, `${folder}/${name}`, data, uid), 0o755);
  plant(cache, `${folder}/manifest.json`, JSON.stringify(manifest), uid);
  return join(cache, folder);
}

async function findPortable(tree: Tree, cache: string): Promise<Outcome> {
  const { findKept } = await tree.load<typeof import('../../src/systemtap/portable/kept.ts')>(
    'src/systemtap/portable/kept.ts',
  );
  const kept = await findKept(
    await openDirectory(tree, cache, 'systemtap'),
    { ...REQUEST, starter: sha256(WRAPPER) },
    () => undefined,
  );
  return kept === null ? held('it is made anew') : succeeded(`root runs ${kept.directory}`);
}

const STAGING = 'src/install/staging.ts';

/** Stages a file; `meanwhile` is what another user does before the package manager reads it. */
async function stage(tree: Tree, artifact: Artifact, root: string, meanwhile: () => void): Promise<Outcome> {
  const { withStagedFiles } = await tree.load<typeof import('../../src/install/staging.ts')>(STAGING);
  const host = { kind: 'root', name: root, localPath: (path: string) => join(root, path) } as unknown as Host;
  const staged = withStagedFiles(host, [artifact], { emit: () => undefined, signal: SIGNAL }, (paths) => {
    meanwhile();
    return Promise.resolve(readFileSync(join(root, paths[0] ?? ''), 'utf8'));
  });
  const read = await refusalOf(staged, (text) => text);
  if (read.result === 'held' || read.got !== GENUINE) return read;
  return held('what is installed is what was signed');
}

export const attacks: readonly Attack[] = [
  opening('the cache is another user’s, who changes files after their check', [OWNER], (base) => {
    makeDirectory(join(base, 'cache'), 0o755, NOBODY);
  }),
  opening('a directory in the cache is another user’s', [OWNER], (base) => {
    makeDirectory(join(base, 'cache'), 0o700);
    makeDirectory(join(base, 'cache/tmp'), 0o755, NOBODY);
  }),
  opening('the cache lies below a directory that all may write, who put another in its place', [WRITABLE], (base) => {
    makeDirectory(join(base, 'cache'), 0o700);
    chmodSync(base, 0o777);
  }),
  opening('the cache lies below a directory that a group may write', [WRITABLE], (base) => {
    chmodSync(base, 0o775);
    chownSync(base, 0, NOBODY);
  }),
  opening('the cache lies below another user’s directory', [FOREIGN_STEP], (base) => chownSync(base, NOBODY, NOBODY)),
  opening('the cache is another user’s link, which leads elsewhere the next time', [FOREIGN_LINK], (base) => {
    makeDirectory(join(base, 'elsewhere'), 0o700);
    symlinkSync('elsewhere', join(base, 'cache'));
    lchownSync(join(base, 'cache'), NOBODY, NOBODY);
  }),
  opening(
    'a directory in the cache is a link',
    [{ file: DIRECTORIES, text: 'constants.O_DIRECTORY | constants.O_NOFOLLOW', replacement: 'constants.O_DIRECTORY' }],
    (base) => {
      makeDirectory(join(base, 'cache'), 0o700);
      symlinkSync(makeDirectory(join(base, 'elsewhere'), 0o700), join(base, 'cache/tmp'));
    },
  ),
  {
    name: 'a directory that only is called tapprep-handbook loses what is in it, as a cache that others could write to',
    guard: [
      {
        file: MARK,
        text: 'if (usual !== null && (await realPath(root)) === (await realPath(usual))) return;',
        replacement: 'if (usual !== null && /tapprep[^/]*$/.test(root)) return;',
      },
      DROPS_FOREIGN,
    ],
    attempt: async (tree) => {
      const book = makeDirectory(join(tree.scratch(), 'tapprep-handbook'), 0o777);
      const terms = plant(book, 'index/terms.md', 'years of work', 0);
      chmodSync(join(book, 'index'), 0o777);
      const { stderr } = await tree.cli(['cache', 'clean', '--cache-dir', book], { HOME: tree.scratch() });
      return existsSync(terms) ? held(stderr.includes('USAGE') ? 'USAGE' : stderr) : succeeded('the file is gone');
    },
  },
  {
    name: 'a directory that has folders named as those of a cache loses what is in them',
    guard: [
      { file: MARK, text: 'isOnlyOurs &&= isCacheName(path);', replacement: 'isOnlyOurs ||= isCacheName(path);' },
      { file: ADMIN, text: ' || !isCacheName(pathOf(place, entry))', replacement: '' },
    ],
    attempt: async (tree) => {
      const own = makeDirectory(join(tree.scratch(), 'own'), 0o700);
      for (const name of ['locks', 'sha256']) makeDirectory(join(own, name), 0o700);
      return loses(tree, own, ['program/mycode/a.c', 'roots/wheat/n.txt', 'images/cats/c.png', 'tmp/letters/l.txt']);
    },
  },
  {
    name: '"cache clean" removes folders in a cache that tapprep never made',
    guard: [{ file: ADMIN, text: ' || !isCacheName(pathOf(place, entry))', replacement: '' }],
    attempt: async (tree) => {
      const cache = await openDirectory(tree, join(tree.scratch(), 'cache'));
      return loses(tree, cache, ['program/mycode/a.c', 'roots/wheat/n.txt', 'images/cats/c.png', 'tmp/letters/l.txt']);
    },
  },
  {
    name: 'the records of rehearsal roots, behind a link in the cache, are removed in another directory',
    guard: [
      {
        file: 'src/cli/commands/cache.ts',
        text: "await findPrivateDirectory(cacheDir, 'roots')",
        replacement: '`${cacheDir}/roots`',
      },
    ],
    attempt: async (tree) => {
      const cache = await openDirectory(tree, join(tree.scratch(), 'cache'));
      const victim = plant(tree.scratch(), 'other/debian-12-6.1.0-18-amd64.json', 'kept', 0);
      symlinkSync(dirname(victim), join(cache, 'roots'));
      const { stderr } = await tree.cli(['cache', 'clean', '--cache-dir', cache], { HOME: tree.scratch() });
      return existsSync(victim)
        ? held(stderr.includes('CACHE_UNUSABLE') ? 'CACHE_UNUSABLE' : stderr)
        : succeeded('the file is gone');
    },
  },
  {
    name: 'a cache that all may write to loses what tapprep never put there as soon as it is listed',
    guard: [DROPS_FOREIGN],
    attempt: async (tree) => {
      const cache = await openDirectory(tree, join(tree.scratch(), 'cache'));
      const files = ['images/c.png', 'tmp/l.txt', 'index/terms.md'].map((name) =>
        plant(cache, name, 'years of work', 0),
      );
      chmodSync(cache, 0o777);
      const { stderr } = await tree.cli(['cache', 'list', '--cache-dir', cache], { HOME: tree.scratch() });
      if (files.some((file) => !existsSync(file))) return succeeded('the files are gone');
      return held(stderr.includes('CACHE_UNUSABLE') ? 'CACHE_UNUSABLE' : stderr);
    },
  },
  {
    name: '"cache clean" removes files in a cache that tapprep never wrote',
    guard: [{ file: ADMIN, text: 'if (!isCacheName(name)) continue;', replacement: '' }],
    attempt: async (tree) => {
      const cache = makeDirectory(join(tree.scratch(), 'cache'), 0o700);
      const terms = plant(cache, 'index/terms.md', 'years of work', 0);
      for (const name of [dirname(terms), cache]) chmodSync(name, 0o700);
      const { cleanCache } = await tree.load<typeof import('../../src/fetch/cache-admin.ts')>(ADMIN);
      await cleanCache(cache, { now: 0 });
      return existsSync(terms) ? held('it has no name of a record') : succeeded('the file is gone');
    },
  },
  {
    name: 'a link in the cache lets "cache clean" remove the files of another directory',
    guard: [
      {
        file: ADMIN,
        text: "for (const name of ['sha256', 'index', 'partial', 'locks']) await findPrivateDirectory(directory, name);",
        replacement: '',
      },
    ],
    attempt: async (tree) => {
      const cache = makeDirectory(join(tree.scratch(), 'cache'), 0o700);
      const victim = plant(tree.scratch(), 'etc/shadow', 'secrets', 0);
      symlinkSync(dirname(victim), join(cache, 'index'));
      const { cleanCache } = await tree.load<typeof import('../../src/fetch/cache-admin.ts')>(ADMIN);
      return refusalOf(cleanCache(cache, { now: 0 }), () => (existsSync(victim) ? 'cleaned' : 'the file is gone'));
    },
  },
  {
    name: 'a file of the cache is another user’s, who writes to it after its digest was seen to be right',
    guard: [
      {
        file: 'src/fetch/cache.ts',
        text: 'if (hashed.info === null || !isOwnFile(hashed.info, uid)) await makeOwnFile',
        replacement: 'if (hashed.info === null) await makeOwnFile',
      },
    ],
    attempt: async (tree) => findAndChange(tree, (path) => chownSync(path, NOBODY, NOBODY)),
  },
  {
    name: 'a file of the cache has a second name elsewhere, by which it is written to after its check',
    guard: [
      {
        file: 'src/files/own-user.ts',
        text: ' && info.nlink === 1',
        replacement: '',
      },
    ],
    attempt: async (tree) => findAndChange(tree, (path) => linkSync(path, join(tree.scratch(), 'second name'))),
  },
  {
    name: 'a package has a second name, by which it is written to after it was handed to dpkg',
    guard: [
      {
        file: 'src/files/private-copy.ts',
        text: 'await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);',
        replacement: "await (await import('node:fs/promises')).link(from, to);",
      },
    ],
    attempt: (tree) => {
      const path = plant(tree.scratch(), 'linux.deb', GENUINE);
      const file = openSync(path, 'r+');
      return stage(tree, artifactOf(path, GENUINE), tree.scratch(), () => {
        writeSync(file, FORGED, 0);
        closeSync(file);
      });
    },
  },
  {
    name: 'a package is exchanged between its check and dpkg',
    guard: [COPY_DIGEST],
    attempt: (tree) =>
      stage(tree, artifactOf(plant(tree.scratch(), 'linux.deb', FORGED), GENUINE), tree.scratch(), () => undefined),
  },
  {
    name: 'the directory in which packages are staged is another user’s, who puts his own in its place',
    guard: [OWNER],
    attempt: (tree) => {
      const root = tree.scratch();
      const parent = makeDirectory(join(root, 'var/cache/tapprep'), 0o755, NOBODY);
      return stage(tree, artifactOf(plant(tree.scratch(), 'linux.deb', GENUINE), GENUINE), root, () =>
        replaceStaged(parent),
      );
    },
  },
  {
    name: 'an unfinished download is another user’s, who writes to it when it is whole',
    guard: [
      {
        file: 'src/fetch/part-file.ts',
        text: 'if (options.keep && !isOwnFile(await handle.stat(), ownUid())) {',
        replacement: 'if (options.keep && options.thread !== null) {',
      },
    ],
    attempt: async (tree) => {
      const path = plant(tree.scratch(), 'x.part', GENUINE);
      const { PartFile } = await tree.load<typeof import('../../src/fetch/part-file.ts')>('src/fetch/part-file.ts');
      const part = await PartFile.open(path, ['sha256'], { keep: true, thread: null });
      await part.close();
      const { uid } = statSync(path);
      return uid === NOBODY ? succeeded('the download goes on in his file') : held('the part is begun anew');
    },
  },
  {
    name: 'a package is exchanged before fetch puts it where it was told to',
    guard: [COPY_DIGEST],
    attempt: async (tree) => {
      const { publishVerified } =
        await tree.load<typeof import('../../src/files/private-copy.ts')>('src/files/private-copy.ts');
      const path = plant(tree.scratch(), 'linux.deb', FORGED);
      return refusalOf(publishVerified(path, join(tree.scratch(), 'linux.deb'), sha256(GENUINE), SIGNAL));
    },
  },
  planted(
    'a planted base system becomes the root of a rehearsal',
    [
      {
        file: 'src/rehearse/base-root.ts',
        text: 'info !== null && isOwnFile(',
        replacement: 'info !== null || isOwnFile(',
      },
    ],
    async (tree, cache) => {
      plant(cache, 'roots/base-debian-bookworm-amd64.tar', FORGED);
      const { ensureBaseTar } =
        await tree.load<typeof import('../../src/rehearse/base-root.ts')>('src/rehearse/base-root.ts');
      // Where others made the directory, it has to be this user's to come so far at all.
      chownSync(join(cache, 'roots'), 0, 0);
      const rootsDir = await openDirectory(tree, cache, 'roots');
      const request = {
        local,
        target: TARGET,
        repository: REPOSITORY,
        rootsDir,
        offline: false,
        emit: () => undefined,
        signal: SIGNAL,
      };
      return refusalOf(ensureBaseTar(request), (path) => `root enters ${path}`);
    },
  ),
  planted(
    'a planted portable SystemTap, whole by its own manifest, runs as root',
    [
      {
        file: 'src/systemtap/portable/kept.ts',
        text: 'info.isDirectory() ? info.uid === uid && !isOpen(info) : isOwnFile(info, uid);',
        replacement: 'info.isDirectory() || isOwnFile(info, info.uid);',
      },
    ],
    async (tree, cache) => {
      plantPortable(cache, NOBODY);
      chownSync(join(cache, 'systemtap'), 0, 0);
      return findPortable(tree, cache);
    },
  ),
  {
    name: 'a tapset that no package has lies in a portable SystemTap that was kept',
    guard: [
      {
        file: 'src/systemtap/portable/kept.ts',
        text: '(info.isDirectory() || named.has(name))',
        replacement: '(info.isDirectory() || named.size > 0)',
      },
    ],
    attempt: async (tree) => {
      const cache = makeDirectory(join(tree.scratch(), 'cache'), 0o700);
      const folder = plantPortable(cache, 0);
      plant(cache, 'systemtap/5.1-x86_64-abc/share/systemtap/tapset/evil.stp', FORGED, 0);
      return existsSync(folder) ? findPortable(tree, cache) : held('');
    },
  },
  planted('a planted kernel is booted for the proof', [], async (tree, cache) => {
    const release = '6.1.0-1-amd64';
    const images = `images/${sha256(GENUINE).slice(0, 16)}`;
    plant(cache, `${images}/boot/vmlinuz-${release}`, FORGED);
    chownSync(join(cache, 'images'), 0, 0);
    const { unpackImage } =
      await tree.load<typeof import('../../src/rehearse/unpack-image.ts')>('src/rehearse/unpack-image.ts');
    const artifact = artifactOf(plant(tree.scratch(), 'linux.deb', FORGED), GENUINE);
    return refusalOf(
      unpackImage(local, [artifact], release, join(cache, 'images'), SIGNAL),
      (found) => found.kernelImage,
    );
  }),
  {
    name: 'the package of a kernel is exchanged before it is unpacked',
    guard: [COPY_DIGEST],
    attempt: async (tree) => {
      const { unpackImage } =
        await tree.load<typeof import('../../src/rehearse/unpack-image.ts')>('src/rehearse/unpack-image.ts');
      const images = join(makeDirectory(join(tree.scratch(), 'cache'), 0o700), 'images');
      const artifact = artifactOf(plant(tree.scratch(), 'linux.deb', FORGED), GENUINE);
      let unpacked = '';
      const dpkg = {
        ...local,
        run: (argv: readonly string[]) => {
          unpacked = readFileSync(argv[2] ?? '', 'utf8');
          return local.run(argv);
        },
      } as Host;
      const outcome = await refusalOf(unpackImage(dpkg, [artifact], '6.1.0-1-amd64', images, SIGNAL));
      return unpacked === FORGED ? succeeded('dpkg-deb unpacks it') : outcome;
    },
  },
  planted('a planted verdict lets a SystemTap pass that was never seen to work', [], async (tree, cache) => {
    const verdicts = await tree.load<typeof import('../../src/systemtap/verdicts.ts')>('src/systemtap/verdicts.ts');
    const verdict = sampleVerdict(
      { kind: 'distro', version: '5.1', packageVersion: '5.1-5', distro: 'debian' },
      'pass',
      'pass',
    );
    await verdicts.rememberVerdict(cache, verdict);
    chmodSync(cache, 0o777);
    const [found] = await verdicts.recallVerdicts(cache, verdict.kernel);
    return found === undefined ? held('it is seen again') : succeeded('it is believed');
  }),
  {
    name: 'a relative XDG_CACHE_HOME puts the cache into a directory that somebody else prepared',
    guard: [
      {
        file: 'src/cli/user-directories.ts',
        text: 'if (isAbsolute(caches)) return',
        replacement: "if (caches !== '') return",
      },
    ],
    attempt: (tree) => cacheOf(tree, { XDG_CACHE_HOME: 'cache', HOME: '/root' }),
  },
  {
    name: 'a relative TAPPREP_CACHE_DIR puts the cache into a directory that somebody else prepared',
    guard: [
      {
        file: 'src/cli/user-directories.ts',
        text: 'if (isAbsolute(own)) return own;',
        replacement: "if (own !== '') return own;",
      },
    ],
    attempt: (tree) => cacheOf(tree, { TAPPREP_CACHE_DIR: 'cache', HOME: '/root' }),
  },
  {
    name: 'a relative XDG_CONFIG_HOME takes mirrors and their keys from the current directory',
    guard: [
      {
        file: 'src/cli/user-directories.ts',
        text: 'if (isAbsolute(given)) return given;',
        replacement: "if (given !== '') return given;",
      },
    ],
    attempt: async (tree) => {
      const { configDirectory } = await tree.load<Users>('src/cli/user-directories.ts');
      const found = configDirectory({ XDG_CONFIG_HOME: 'config', HOME: '/root' });
      return found === 'config' ? succeeded(found) : held('it is passed by');
    },
  },
];

type Users = typeof import('../../src/cli/user-directories.ts');

async function cacheOf(tree: Tree, env: Readonly<Record<string, string>>): Promise<Outcome> {
  const { defaultCacheDir } = await tree.load<Users>('src/cli/user-directories.ts');
  const found = refusalOf(
    Promise.resolve().then(() => defaultCacheDir(env)),
    (path) => path,
  );
  return found.then((outcome) =>
    outcome.result === 'succeeded' && outcome.got.startsWith('/') ? held('it is passed by') : outcome,
  );
}

/** Finds a file in a cache that everybody could write to, and writes to it by what another user has of it. */
async function findAndChange(tree: Tree, spoil: (path: string) => void): Promise<Outcome> {
  const cache = openCache(tree);
  const digest: Digest = { algorithm: 'sha256', hex: sha256(GENUINE) };
  const path = plant(cache, `sha256/${digest.hex.slice(0, 2)}/${digest.hex}`, GENUINE, 0);
  spoil(path);
  const file = openSync(path, 'r+');
  try {
    const fetch = await tree.load<typeof import('../../src/fetch/cache.ts')>('src/fetch/cache.ts');
    const found = await fetch.openCache(cache, 0, () => undefined, Date.now).find(digest, SIGNAL);
    if (found === null) return held('it is fetched anew');
    writeSync(file, FORGED, 0);
    const text = readFileSync(found.path, 'utf8');
    return text === GENUINE ? held('its bytes are given out in a file of their own') : succeeded(text);
  } finally {
    closeSync(file);
  }
}

/** What the owner of the directory above may do, whatever the mode of the directory is. */
function replaceStaged(parent: string): void {
  const [staged] = listStaged(parent);
  if (staged === undefined) return;
  renameSync(staged, `${staged}-away`);
  mkdirSync(staged);
  writeFileSync(join(staged, 'linux.deb'), FORGED);
}

function listStaged(parent: string): readonly string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith('staging-'))
    .map((name) => join(parent, name));
}
