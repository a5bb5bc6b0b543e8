/** Addresses and sentences as they may leave this machine: without user names, passwords and tokens. Pure. */

/** Longest sentence that a manifest holds. */
const MAX_CHARS = 4000;

/** A text as one line of a manifest: no secrets, no control characters, bounded. */
export function toLine(text: string): string {
  return withoutSecrets(text)
    .replaceAll(/[\u0000-\u001f\u007f]+/g, ' ')
    .slice(0, MAX_CHARS);
}

/**
 * Every URL in a text without its user information and without its query: SUSE's and other vendors' tokens stand there.
 */
function withoutSecrets(text: string): string {
  return text.replaceAll(/[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\/[^\s"'<>]+/g, (url) => withoutQuery(withoutUser(url)));
}

function withoutUser(url: string): string {
  const start = url.indexOf('://') + 3;
  const end = url.slice(start).search(/[/?#]/);
  const authority = end === -1 ? url.slice(start) : url.slice(start, start + end);
  const rest = end === -1 ? '' : url.slice(start + end);
  return url.slice(0, start) + authority.slice(authority.lastIndexOf('@') + 1) + rest;
}

function withoutQuery(url: string): string {
  const at = url.search(/[?#]/);
  return at === -1 ? url : url.slice(0, at);
}
