import { expect, test } from 'vitest';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { locateSource } from '../../../src/systemtap/build/find-source.ts';
import { listCandidates } from '../../../src/systemtap/candidates.ts';
import { nameOf } from '../../../src/systemtap/choose.ts';
import { debRepository } from '../../helpers/deb-records.ts';

const { systemtap } = await loadMirrors({
  packageRoot: new URL('../../..', import.meta.url).pathname,
  files: [],
  configHome: null,
});

test('a source that the list pins is a way of its own, before those that need an index', () => {
  const builds = listCandidates(null, systemtap).filter(({ kind }) => kind === 'build');
  expect(builds.map(nameOf)).toEqual(['build 5.5 (debian sid)', 'build 5.1 (debian trixie)', 'build 5.6 (debian sid)']);
});

test('it is looked for in every copy of the archive, and its digest goes with it', () => {
  const [pinned] = systemtap.sources;
  if (pinned === undefined) throw new Error('the list pins no source');
  const one = debRepository({ baseUrls: ['http://one.example/debian/'] });
  const two = { ...one, baseUrls: ['http://two.example/debian/', 'http://three.example/debian/'] };
  const source = locateSource(pinned, [one, two]);
  expect(source.urls).toEqual(
    ['one', 'two', 'three'].map(
      (host) => `http://${host}.example/debian/pool/main/s/systemtap/systemtap_5.5.orig.tar.gz`,
    ),
  );
  expect(source).toMatchObject({ version: '5.5', fileName: 'systemtap_5.5.orig.tar.gz', sha256: pinned.sha256 });
});

test('a path that leads out of the archive is none', () => {
  const [pinned] = systemtap.sources;
  if (pinned === undefined) throw new Error('the list pins no source');
  const repository = debRepository({ baseUrls: ['http://one.example/debian/'] });
  expect(() => locateSource({ ...pinned, path: '../../etc/x.tar.gz' }, [repository])).toThrow(
    'leads out of its directory',
  );
});
