/** Mirror lists: text with one base URL a line (mirrorlist of yum and dnf, mirror.list of Amazon Linux). Pure. */
import { TapprepError } from '../../errors.ts';

const MAX_URLS = 200;

/**
 * The base URLs of a list in its order, each ending in "/". Comments, blank lines and what is no URL are passed over.
 * @param arch what "$basearch" stands for in an entry
 * @param from where it came from, for messages
 * @throws TapprepError BAD_METADATA when no line is a URL ("No repo found" is what dead lists answer).
 */
export function parseMirrorList(text: string, arch: string, from: string): readonly string[] {
  const urls: string[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim().replaceAll('$basearch', arch);
    if (!/^(?:https?|ftp):\/\//.test(line) || line.length > 1000 || !URL.canParse(line)) continue;
    const url = new URL(line);
    url.hash = '';
    if (!url.pathname.endsWith('/')) url.pathname += '/';
    urls.push(url.href);
    if (urls.length >= MAX_URLS) break;
  }
  if (urls.length > 0) return [...new Set(urls)];
  const shown = JSON.stringify(text.trim().slice(0, 100));
  throw new TapprepError('BAD_METADATA', `the mirror list ${from} names no base URL; it says ${shown}`);
}
