/** Whether the first bytes of an answer are the index that was asked for. Pure. */
import type { RepositoryKind, Sentence } from '../types.ts';
import { say } from '../sentence.ts';

export interface IndexVerdict {
  readonly index: string | null;
  readonly reason: Sentence | null;
}

type Expected = RepositoryKind | 'metalink' | 'mirror-list';
type Judge = (head: string, now: number) => IndexVerdict;

const good = (index: string): IndexVerdict => ({ index, reason: null });
const bad = (reason: string): IndexVerdict => ({ index: null, reason: say(reason) });

const JUDGES: Readonly<Record<Expected, Judge>> = {
  deb: judgeRelease,
  'rpm-md': (head) =>
    head.includes('<repomd') ? good('repomd.xml') : bad(`answered with ${describe(head)} instead of repomd.xml`),
  listing: judgeListing,
  template: (head) => (head === '' ? bad('answered with nothing') : good(describe(head))),
  launchpad: (head) =>
    head.startsWith('{') ? good('JSON of Launchpad') : bad(`answered with ${describe(head)} instead of JSON`),
  metalink: (head) =>
    head.includes('<metalink') ? good('metalink') : bad(`answered with ${describe(head)} instead of a metalink`),
  'mirror-list': (head) => {
    const urls = head.split('\n', 1000).filter((line) => /^(https?|ftp):\/\/\S/.test(line.trim()));
    return urls.length > 0
      ? good(`mirror list of ${urls.length}`)
      : bad(`answered with ${describe(head)} instead of addresses`);
  },
};

/** Judges the head of an index; `now` (milliseconds) tells an expired Release file. */
export function judgeIndex(head: string, expected: Expected, now: number): IndexVerdict {
  return JUDGES[expected](head, now);
}

function judgeRelease(head: string, now: number): IndexVerdict {
  if (!head.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) {
    return bad(`answered with ${describe(head)} instead of a signed InRelease`);
  }
  const field = (name: string): string | null =>
    new RegExp(`^${name}: ([^\\r\\n]{1,100})$`, 'm').exec(head)?.[1] ?? null;
  const until = Date.parse(field('Valid-Until') ?? '');
  const date = Date.parse(field('Date') ?? '');
  const of = field('Codename') ?? field('Suite') ?? 'a suite without a name';
  const index = `InRelease of ${of}${Number.isNaN(date) ? '' : `, ${new Date(date).toISOString().slice(0, 10)}`}`;
  if (Number.isNaN(until) || until >= now) return good(index);
  return { index, reason: say(`its Release file expired on ${new Date(until).toISOString().slice(0, 10)}`) };
}

function judgeListing(head: string): IndexVerdict {
  if (!/<a\s+href|<title>\s*index of/i.test(head))
    return bad(`answered with ${describe(head)} instead of an index page`);
  return good(/\.rpm["'<]/i.test(head) ? 'index page with packages' : 'index page');
}

function describe(head: string): string {
  const start = head.slice(0, 200).trimStart().toLowerCase();
  if (start === '') return 'nothing';
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return 'a page of HTML';
  return start.startsWith('<') ? 'some XML' : 'something else';
}
