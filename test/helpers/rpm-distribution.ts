/** The lab's rpm distribution, packed once and kept; signed and published anew for every lab. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDistribution } from '../lab/rpm/make-distribution.ts';
import type { GpgHome, TestKey } from './gpg.ts';
import type { RpmLab } from './rpm-lab.ts';
import { RPM_LAB } from './rpm-root.ts';

/** Paths of its packages, unsigned. */
export function prepareDistribution(): readonly string[] {
  const sources = ['make-distribution.ts', 'distribution-packages.ts'].map((name) =>
    readFileSync(join(import.meta.dirname, '../lab/rpm', name)),
  );
  const key = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 16);
  const kept = join(RPM_LAB, `distribution-${key}`);
  if (!existsSync(kept)) {
    const making = `${kept}.making`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    renameSync(makeDistribution(making), kept);
    rmSync(making, { recursive: true });
  }
  return readdirSync(kept).map((name) => join(kept, name));
}

/** Signed copies of packages in DIRECTORY. */
export function signCopies(
  paths: readonly string[],
  directory: string,
  { lab, gpg, key }: { readonly lab: RpmLab; readonly gpg: GpgHome; readonly key: TestKey },
): readonly string[] {
  mkdirSync(directory, { recursive: true });
  const copies = paths.map((path) => join(directory, path.slice(path.lastIndexOf('/') + 1)));
  for (const [at, path] of paths.entries()) cpSync(path, copies[at] ?? '');
  lab.signAll(copies, gpg, key);
  return copies;
}

/** A mirror list of repositories that lie below one address; each holds what `contents` says and no other. */
export function writeMirrorList(
  path: string,
  key: TestKey,
  url: string,
  entries: readonly { readonly id: string; readonly status: string; readonly content: readonly string[] }[],
): void {
  const trust = { metadata: 'unsigned', packages: 'signed', keys: ['lab'], keyrings: [key.armored] };
  const list = entries.map(({ id, status, content }) => ({
    id: `lab-${id}`,
    versions: ['9.*'],
    kind: 'rpm-md',
    urls: [`${url}${id}/`],
    content,
    state: { status, since: null },
    verified: null,
    reason: 'made for a lab',
  }));
  const groups = [{ title: 'Lab', distros: ['rocky'], vendor: 'Lab Linux', trust, entries: list }];
  const keys = { lab: { fingerprint: key.fingerprint, name: 'lab', expires: null, verified: null } };
  writeFileSync(path, JSON.stringify({ format: 'tapprep-mirrors/1', keys, groups }));
}
