/** Where an index says a file lies, turned into a URL that cannot leave the repository. Pure. */
import { escapeControl, TapprepError } from '../errors.ts';
import type { Digest } from '../types.ts';

/** Amazon keeps packages outside the repository, in a store addressed by content. */
const BLOB = /^(?:\.\.\/)+blobstore\/[0-9a-f]{64}\/([^/]+)$/;
/** What rpm and deb file names are made of; everything else an index has no reason to name. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+~^:@,=%-]{0,254}$/;

/**
 * The absolute URL of `href` below `baseUrl`. A path out of the repository, an absolute path and another scheme or host
 * are refused. The one exception is Amazon Linux's `../../../blobstore/SHA256/FILE`: it must stay on the same scheme,
 * host and port, and the index must state a SHA-256 or stronger digest of the file, so that only content which the index
 * vouches for can be taken from there.
 * @throws TapprepError UNSAFE_URL
 */
export function resolveLocation(baseUrl: string, href: string, digest: Digest | null): string {
  const blob = BLOB.exec(href);
  const segments = href.split('/');
  const isBlob = blob !== null && digest !== null && digest.algorithm !== 'sha1';
  const problem = describeProblem(href, isBlob ? segments.filter((segment) => segment !== '..') : segments);
  if (problem !== null) throw unsafe(href, baseUrl, problem);

  const base = new URL(baseUrl);
  const url = new URL(base);
  url.pathname = new URL(href, base).pathname;
  const inside = url.origin === base.origin && (isBlob || url.pathname.startsWith(base.pathname));
  if (!inside) throw unsafe(href, baseUrl, 'it leads out of the repository');
  return url.href;
}

/** The file name at the end of a URL, decoded, or null when it is no plain file name. */
export function fileNameOf(url: string): string | null {
  const name = decode(new URL(url).pathname.split('/').at(-1) ?? '');
  return name !== null && isPlainFileName(name) ? name : null;
}

/** Whether a name is what a package file may be called: no directory, no control character, no leading dot or dash. */
export function isPlainFileName(name: string): boolean {
  return FILE_NAME.test(name);
}

function describeProblem(href: string, segments: readonly string[]): string | null {
  if (href === '' || href.length > 1000) return 'it is empty or longer than 1000 characters';
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(href)) return 'it names a scheme of its own';
  if (href.startsWith('/')) return 'it is an absolute path';
  if (/[\u0000-\u0020\u007f-\u009f\\?#]/.test(href)) return 'it has characters that no path in a repository has';
  for (const segment of segments) {
    const decoded = decode(segment);
    if (decoded === null || /[/\\\u0000-\u001f]/.test(decoded)) return 'it hides a separator or is wrongly encoded';
    if (decoded === '..') return 'it leads out of its directory';
    if (decoded === '') return 'it has an empty part';
  }
  return null;
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    // decodeURIComponent throws for nothing but a malformed escape.
    return null;
  }
}

function unsafe(href: string, baseUrl: string, problem: string): TapprepError {
  const shown = escapeControl(href.slice(0, 200));
  return new TapprepError('UNSAFE_URL', `the index at ${baseUrl} names a file at ${shown}: ${problem}`, {
    facts: { href: shown, baseUrl },
  });
}
