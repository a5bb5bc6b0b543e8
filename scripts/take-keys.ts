// Fills keys/ with the public keys that mirrors.json pins, each cut down to itself and its newest signature of its own,
// out of packages of the Debian archive (docs/mirrors.md says which): take-keys.ts PACKAGE.deb…
// "absent" of keys/index.json is written by hand: the reason for each key that none of the packages has.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';

interface Found {
  readonly package: string;
  /** Path inside the package. */
  readonly file: string;
  /** Seconds since the epoch; Infinity for a key that does not expire. */
  readonly expires: number;
  readonly sizeBytes: number;
}

const work = mkdtempSync(join(tmpdir(), 'take-keys-'));
const run = (argv: readonly string[]): Buffer =>
  execFileSync(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 });
const gpg = (home: string, ...args: readonly string[]): Buffer => {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return run(['gpg', '--no-options', '--homedir', home, '--batch', '--allow-weak-digest-algos', ...args]);
};

/** Between a key and its fingerprint may stand who may revoke it. */
function fingerprintAfter(fields: readonly (readonly string[])[]): string {
  return fields.find(([kind]) => kind === 'fpr')?.[9] ?? '';
}

/** The primary keys of a file, with the day each expires; none for what is no key file. */
function listKeys(path: string): readonly (readonly [string, number])[] {
  try {
    const fields = gpg(join(work, 'show'), '--show-keys', '--with-colons', path)
      .toString()
      .split('\n')
      .map((line) => line.split(':'));
    return fields.flatMap((field, at) =>
      field[0] === 'pub' ? [[fingerprintAfter(fields.slice(at)), Number(field[6]) || Infinity] as const] : [],
    );
  } catch {
    return [];
  }
}

try {
  const { keys: pins } = JSON.parse(readFileSync('mirrors.json', 'utf8')) as {
    keys: Record<string, { fingerprint: string }>;
  };
  const { absent } = JSON.parse(readFileSync('keys/index.json', 'utf8')) as { absent: Record<string, string> };
  const packages: Record<string, { version: string; sha256: string }> = {};
  const found = new Map<string, Found>();
  for (const deb of process.argv.slice(2)) {
    const [name = '', version = ''] = run(['dpkg-deb', '--showformat=${Package} ${Version}', '--show', deb])
      .toString()
      .split(' ');
    packages[name] = { version, sha256: createHash('sha256').update(readFileSync(deb)).digest('hex') };
    const root = join(work, name);
    run(['dpkg-deb', '--extract', deb, root]);
    for (const path of globSync(`${root}/usr/share/{distribution-gpg-keys,keyrings}/**/*`).toSorted()) {
      const { size } = statSync(path);
      for (const [fingerprint, expires] of statSync(path).isFile() ? listKeys(path) : []) {
        const before = found.get(fingerprint);
        const isBetter =
          before === undefined ||
          expires > before.expires ||
          (expires === before.expires && size < before.sizeBytes && before.package === name);
        if (isBetter) found.set(fingerprint, { package: name, file: relative(root, path), expires, sizeBytes: size });
      }
    }
  }
  const keys: Record<string, { package: string; file: string }> = {};
  for (const path of globSync('keys/*.asc')) rmSync(path);
  for (const { fingerprint } of Object.values(pins)) {
    const from = found.get(fingerprint);
    if (from === undefined) {
      if (absent[fingerprint] === undefined) throw new Error(`no package has the pinned key ${fingerprint}`);
      continue;
    }
    const home = join(work, `ring-${fingerprint}`);
    gpg(home, '--allow-non-selfsigned-uid', '--import', join(work, from.package, from.file));
    const armored = gpg(home, '--armor', '--export-options', 'export-minimal', '--export', fingerprint);
    writeFileSync(join('keys', `${fingerprint}.asc`), armored);
    keys[fingerprint] = { package: from.package, file: from.file };
  }
  const index = { format: 'tapprep-keys/1', packages, keys, absent };
  writeFileSync('keys/index.json', `${JSON.stringify(index, null, 2)}\n`);
  console.log(
    `keys/: ${Object.keys(keys).length} keys, ${Object.keys(absent).length} absent, of ${process.argv
      .slice(2)
      .map((path) => basename(path))
      .join(', ')}`,
  );
} finally {
  rmSync(work, { recursive: true });
}
