/** Real Debian packages by dpkg-deb and signed archives of them, in a temporary directory. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { GpgHome, TestKey } from './gpg.ts';
import { xzSync } from './xz.ts';

/** Fields of a control file; Package, Version and Architecture have defaults. */
export type ControlFields = Readonly<Record<string, string>>;

const PACK: Readonly<Record<string, (text: string) => Uint8Array>> = {
  '': (text) => Buffer.from(text, 'latin1'),
  '.gz': (text) => gzipSync(Buffer.from(text, 'latin1')),
  '.xz': xzSync,
  '.zst': (text) => zstdCompressSync(Buffer.from(text, 'latin1')),
};

export interface ArchiveOptions {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly packings?: readonly string[];
  /** Release fields beside Suite, Architectures and Components. */
  readonly release?: ControlFields;
  readonly key: TestKey | null;
  /** inline: InRelease; detached: Release and Release.gpg. */
  readonly signature?: 'inline' | 'detached';
  /** Options of gpg for the signature. */
  readonly sign?: readonly string[];
  /** Changes the Packages text, as a hostile or broken archive would. */
  readonly edit?: (packages: string) => string;
}

export class DebLab {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'deb-lab-'));
  readonly gpg: GpgHome;
  readonly #controls = new Map<string, string>();

  constructor(gpg: GpgHome) {
    this.gpg = gpg;
  }

  /** Builds a package; `packing` is what dpkg-deb calls it (gzip, xz, zstd, none); `files` by path. Returns its path. */
  build(
    name: string,
    version: string,
    fields: ControlFields = {},
    packing = 'gzip',
    files: Readonly<Record<string, string>> | { readonly tree: string } = {},
  ): string {
    const tree = mkdtempSync(join(this.directory, 'tree-'));
    const control = {
      Package: name,
      Version: version,
      Architecture: 'amd64',
      Maintainer: 'nobody <n@example>',
      Description: 'x',
      ...fields,
    };
    mkdirSync(join(tree, 'DEBIAN'));
    if (typeof files.tree === 'string') execFileSync('cp', ['-a', `${files.tree}/.`, tree]);
    for (const [file, text] of typeof files.tree === 'string' ? [] : Object.entries(files)) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      writeFileSync(join(tree, file), text);
    }
    writeFileSync(
      join(tree, 'DEBIAN/control'),
      Object.entries(control)
        .map(([field, value]) => `${field}: ${value}\n`)
        .join(''),
    );
    const path = join(this.directory, `pool/${name}_${version.replace(/^\d+:/, '')}_${control.Architecture}.deb`);
    mkdirSync(dirname(path), { recursive: true });
    execFileSync('dpkg-deb', ['--root-owner-group', `-Z${packing}`, '--build', tree, path], { stdio: 'ignore' });
    rmSync(tree, { recursive: true });
    return path;
  }

  /** Writes an archive below `directory`/NAME with its pool beside; returns the directory. */
  writeArchive(name: string, options: ArchiveOptions): string {
    const root = join(this.directory, name);
    const dists = join(root, 'dists', options.suite);
    const binary = join(dists, 'main/binary-amd64');
    mkdirSync(join(root, 'pool'), { recursive: true });
    mkdirSync(binary, { recursive: true });
    const paragraphs = options.packages.map((path) => {
      const bytes = readFileSync(path);
      writeFileSync(join(root, 'pool', basename(path)), bytes);
      const control = this.#readControl(path);
      return `${control}Filename: pool/${basename(path)}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`;
    });
    const text = (options.edit ?? String)(paragraphs.join('\n'));
    const table = [...new Set(['', ...(options.packings ?? ['.gz'])])].map((packing) => {
      const bytes = PACK[packing]!(text);
      // As archives have it: the unpacked index is listed but not there.
      if (packing !== '' || options.packings?.includes('') === true)
        writeFileSync(join(binary, `Packages${packing}`), bytes);
      const byHash = join(binary, 'by-hash/SHA256', sha256(bytes));
      if (options.release?.['Acquire-By-Hash'] === 'yes') {
        mkdirSync(dirname(byHash), { recursive: true });
        writeFileSync(byHash, bytes);
      }
      return ` ${sha256(bytes)} ${bytes.length} main/binary-amd64/Packages${packing}\n`;
    });
    const fields = { Suite: options.suite, Architectures: 'amd64', Components: 'main', ...options.release };
    const release = `${Object.entries(fields)
      .map(([field, value]) => `${field}: ${value}\n`)
      .join('')}SHA256:\n${table.join('')}`;
    this.#sign(dists, release, options);
    return root;
  }

  #readControl(path: string): string {
    const known = this.#controls.get(path) ?? execFileSync('dpkg-deb', ['--field', path], { encoding: 'latin1' });
    this.#controls.set(path, known);
    return known;
  }

  #sign(dists: string, release: string, { key, signature = 'inline', sign = [] }: ArchiveOptions): void {
    if (key === null || signature === 'detached') writeFileSync(join(dists, 'Release'), release);
    if (key === null) return;
    if (signature === 'inline')
      writeFileSync(join(dists, 'InRelease'), this.gpg.sign(release, key, '--clearsign', sign));
    else writeFileSync(join(dists, 'Release.gpg'), this.gpg.sign(release, key, '--detach-sign', ['--armor', ...sign]));
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
