import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRpmMd } from '../../../src/resolve/rpm-md/reader.ts';
import type { PackageRecord } from '../../../src/resolve/reader.ts';
import { makeCertificate } from '../../helpers/certificates.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { openReaderLab } from '../../helpers/reader-context.ts';
import { kernelBuild, openRpmLab } from '../../helpers/rpm-lab.ts';
import { rpmRepository } from '../../helpers/rpm-repository.ts';

const lab = openRpmLab();
const certificate = makeCertificate('IP:127.0.0.1', 2);
let server: DirectoryServer;

beforeAll(async () => {
  const root = lab.makeRepository('current', Object.values(lab.build(kernelBuild('5.14.0', '1.el9'))));
  cpSync(root, join(root, '../stale'), { recursive: true });
  const repomd = join(root, '../stale/repodata/repomd.xml');
  writeFileSync(repomd, `${readFileSync(repomd, 'utf8')}<!-- of yesterday -->`);
  server = await serveDirectory(join(lab.directory, 'repos'), certificate);
});
afterAll(async () => {
  await server.close();
  lab.close();
});

function digestOf(name: string): string {
  return createHash('sha256')
    .update(readFileSync(join(lab.directory, 'repos', name, 'repodata/repomd.xml')))
    .digest('hex');
}

function hash(hex: string): string {
  return `<verification><hash type="sha256">${hex}</hash></verification>`;
}

/** Serves a metalink that names these mirrors and digests, and reads the repository by it. */
async function readBy(
  mirrors: readonly string[],
  digest: string,
  older: string | null,
): Promise<readonly PackageRecord[]> {
  const alternates = older === null ? '' : `<alternates><alternate>${hash(older)}</alternate></alternates>`;
  const urls = mirrors.map(
    (name, at) => `<url preference="${100 - at}">${server.url}${name}/repodata/repomd.xml</url>`,
  );
  server.override('/metalink', (_, response) =>
    response.end(
      `<metalink><files><file name="repomd.xml">${hash(digest)}${alternates}<resources>${urls.join('')}</resources></file></files></metalink>`,
    ),
  );
  const reader = await openReaderLab(certificate.cert);
  try {
    const repository = rpmRepository([], {}, { discovery: { kind: 'metalink', url: `${server.url}metalink` } });
    return await readRpmMd(repository, 'x86_64', { wantsName: (name) => name === 'kernel-devel' }, reader.context);
  } finally {
    await reader.close();
  }
}

test('a mirror that still has the repomd.xml of yesterday is passed over', async () => {
  const [record] = await readBy(['stale', 'current'], digestOf('current'), null);
  expect(record?.urls).toEqual(
    ['current', 'stale'].map((name) => `${server.url}${name}/Packages/kernel-devel-5.14.0-1.el9.x86_64.rpm`),
  );
});

test('one of yesterday is taken where the metalink still accepts it and there is no other', async () => {
  expect(await readBy(['stale'], digestOf('current'), digestOf('stale'))).toHaveLength(1);
});

test('a repomd.xml that the metalink does not name is DIGEST_MISMATCH', async () => {
  await expect(readBy(['stale'], digestOf('current'), null)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
});
