import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { namesInTemplate, PLACEHOLDERS } from '../../../src/mirrors/placeholders.ts';
import { checkMirrorFile, mirrorJsonSchema } from '../../../src/mirrors/schema.ts';

const text = readFileSync('mirrors.json', 'utf8');
const mirrors = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });

test('mirrors.schema.json is what the schema makes (scripts/make-mirrors-schema.ts)', () => {
  expect(JSON.parse(readFileSync('mirrors.schema.json', 'utf8'))).toEqual(mirrorJsonSchema());
});

test('mirrors.json has no fault', () => {
  expect(checkMirrorFile(JSON.parse(text)).faults).toBeNull();
});

test('no two entries have one id and every key name is used', () => {
  const ids = mirrors.entries.map((entry) => entry.id);
  expect(new Set(ids).size).toBe(ids.length);
  const used = new Set(mirrors.entries.flatMap((entry) => entry.trust.keys.map((key) => key.id)));
  expect(Object.keys((JSON.parse(text) as { keys: object }).keys).filter((id) => !used.has(id))).toEqual([]);
});

test('every placeholder is known and every address is one of http, https or ftp', () => {
  for (const entry of mirrors.entries) {
    for (const value of [...entry.urls, ...entry.parts, ...entry.suites, entry.discovery?.url ?? '']) {
      for (const name of namesInTemplate(value)) expect(PLACEHOLDERS).toContain(name);
    }
    for (const url of entry.urls) expect(url).toMatch(/^(https?|ftp):\/\/[a-z0-9.-]+\/(.*\/)?$/);
  }
});

test('every fingerprint is 40 upper-case hex digits and pinned once', () => {
  const fingerprints = Object.values((JSON.parse(text) as { keys: Record<string, { fingerprint: string }> }).keys).map(
    (key) => key.fingerprint,
  );
  for (const fingerprint of fingerprints) expect(fingerprint).toMatch(/^[0-9A-F]{40}$/);
  expect(new Set(fingerprints).size).toBe(fingerprints.length);
});

test('what is not verified says why, and everything else names its source', () => {
  for (const entry of mirrors.entries) {
    expect(entry.verified?.source ?? entry.reason).toMatch(/\w{3}/);
  }
});

test('an entry that wants signed packages but pins no key says so', () => {
  const keyless = mirrors.entries.filter(
    ({ trust }) =>
      (trust.metadata === 'signed' || trust.packages === 'signed') &&
      trust.keys.length === 0 &&
      trust.keyrings.length === 0,
  );
  expect(
    keyless.filter((entry) => !/no signing key is known|general knowledge/.test(`${entry.state.note} ${entry.reason}`)),
  ).toEqual([]);
});

// The four download places of the article that this project answers: vendor, layout, key and state of each.
test.each([
  ['centos-debuginfo-6', 'http://debuginfo.centos.org/6/{arch}/', 'CentOS', 'rpm-md'],
  [
    'centos-debuginfo-berkeley-6',
    'http://mirrors.ocf.berkeley.edu/centos-debuginfo/{major}/{arch}/',
    'CentOS',
    'listing',
  ],
  ['oracle-debuginfo-el6', 'http://oss.oracle.com/el6/debuginfo/', 'Oracle', 'template'],
  [
    'scientific-pbone',
    'http://ftp.pbone.net/mirror/ftp.scientificlinux.org/linux/scientific/{part}/{arch}/updates/security/',
    'Scientific Linux',
    'listing',
  ],
])('%s is a whole entry', (id, url, vendor, kind) => {
  const entry = mirrors.entries.find((candidate) => candidate.id === id);
  expect(entry).toMatchObject({ vendor, kind, urls: expect.arrayContaining([url]) as string[] });
  expect(entry?.versions.length).toBeGreaterThan(0);
  expect(entry?.trust.keys.length).toBeGreaterThan(0);
  expect(entry?.state.status).toBe('archive');
  expect(entry?.verified?.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
});

test('docs/mirrors.md explains every placeholder and every field of an entry', () => {
  const docs = readFileSync('docs/mirrors.md', 'utf8');
  expect(PLACEHOLDERS.filter((name) => !docs.includes(`{${name}}`))).toEqual([]);
  const fields = ['versions', 'archs', 'kernels', 'kind', 'host', 'urls', 'discovery', 'parts', 'suites', 'components'];
  const entries = (JSON.parse(text) as { groups: readonly { entries: readonly object[] }[] }).groups[0]?.entries ?? [];
  const used = new Set([...fields, ...entries.flatMap((entry) => Object.keys(entry))]);
  expect([...used].filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
});
