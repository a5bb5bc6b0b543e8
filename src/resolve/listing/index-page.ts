/** Links of a directory index, as Apache, nginx and lighttpd make it. Pure. */
import { TapprepError } from '../../errors.ts';
import { isPlainFileName } from '../location.ts';

/** Several times the largest known index page. */
const MAX_LINKS = 200_000;
/** A link longer than this is no file name. */
const MAX_LINK_LENGTH = 1000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&#43;': '+',
  '&#x2b;': '+',
  '&#126;': '~',
  '&#94;': '^',
};

/**
 * The plain file names that a page links to, each once, in its order. Everything else that a page may hold is passed
 * over: directories, ways up, other hosts and schemes, sort links, names with control characters or separators.
 * One forward scan without an expression that could go back over the page, which may be one line of many megabytes.
 * @param baseUrl of the page; absolute links count when they lie directly in it
 * @throws TapprepError TOO_LARGE
 */
export function parseIndexPage(html: string, baseUrl: string): readonly string[] {
  const names = new Set<string>();
  let links = 0;
  for (const { index } of html.matchAll(/href/gi)) {
    const value = readAttribute(html, index + 4);
    if (value === null) continue;
    links += 1;
    if (links > MAX_LINKS)
      throw new TapprepError('TOO_LARGE', `the index page ${baseUrl} has more than ${MAX_LINKS} links`);
    const name = toFileName(decodeEntities(value), baseUrl);
    if (name !== null) names.add(name);
  }
  return [...names];
}

/** The value behind `href`, quoted or bare; null when it is too long or no value follows. */
function readAttribute(html: string, from: number): string | null {
  let at = skipBlanks(html, from);
  if (html.charAt(at) !== '=') return null;
  at = skipBlanks(html, at + 1);
  const quote = html.charAt(at);
  const isQuoted = quote === '"' || quote === "'";
  const start = isQuoted ? at + 1 : at;
  const window = html.slice(start, start + MAX_LINK_LENGTH);
  const end = isQuoted ? window.indexOf(quote) : window.search(/[\s>]/);
  return end === -1 ? null : window.slice(0, end);
}

function skipBlanks(html: string, from: number): number {
  let at = from;
  while (at < html.length && at < from + 16 && ' \t\r\n'.includes(html.charAt(at))) at += 1;
  return at;
}

function decodeEntities(text: string): string {
  return text.includes('&')
    ? text.replaceAll(/&(?:amp|#43|#x2b|#126|#94);/gi, (found) => ENTITIES[found.toLowerCase()] ?? found)
    : text;
}

function toFileName(link: string, baseUrl: string): string | null {
  const { pathname } = new URL(baseUrl);
  const prefix = [baseUrl, pathname, './'].find((start) => link.startsWith(start)) ?? '';
  const decoded = decodePercent(link.slice(prefix.length));
  return decoded !== null && isPlainFileName(decoded) ? decoded : null;
}

function decodePercent(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // decodeURIComponent throws for nothing but a malformed escape: no file name.
    return null;
  }
}
