/** Where the URIs of an apt source lead: plain addresses, lists of mirrors, and what apt-cacher-ng rewrites. Pure. */
import type { Repository } from '../types.ts';
import type { AptSource } from './apt-source.ts';
import { boundedLines, isSafePath, parseBaseUrl, quoted, type SourceContext } from './source-file.ts';

/** Addresses of one source, and the list that has to be asked for them first (apt-transport-mirror(1)). */
export interface AptPlaces {
  readonly baseUrls: readonly string[];
  readonly discovery: NonNullable<Repository['discovery']> | null;
}

/** Reads the URIs of a source; each that leads nowhere is noted. */
export function findPlaces(source: AptSource, arch: string, context: SourceContext): AptPlaces {
  const baseUrls: string[] = [];
  let discovery: AptPlaces['discovery'] = null;
  const pass = (uri: string, why: string): void => context.note(source.file, `${quoted(uri)} is passed over: ${why}`);
  for (const written of source.uris) {
    const uri = written.replaceAll('$(ARCH)', arch);
    const file = /^mirror\+file:(?:\/\/)?(\/.*)$/.exec(uri)?.[1];
    const [, protocol = 'http', list] = /^mirror(?:\+(https?))?:\/\/(.+)$/.exec(uri) ?? [];
    if (file !== undefined) {
      const listed = readList(file, arch, context);
      if (listed.length === 0) pass(uri, 'its list of mirrors is not there, or names none');
      baseUrls.push(...listed);
    } else if (list !== undefined) {
      const url = parseBaseUrl(`${protocol}://${list}`)?.replace(/\/$/, '') ?? null;
      if (url === null) pass(uri, 'not an address that can be asked');
      else discovery ??= { kind: 'mirror-list', url };
    } else {
      const url = parseBaseUrl(throughCacher(uri));
      if (url === null) pass(uri, 'not a plain http, https or ftp address');
      else baseUrls.push(url);
    }
  }
  return { baseUrls: [...new Set(baseUrls)], discovery };
}

/** Paths of the lists that mirror+file: names, so that they can be fetched. */
export function listFilesOf(source: AptSource): readonly string[] {
  return source.uris.flatMap((uri) => /^mirror\+file:(?:\/\/)?(\/.*)$/.exec(uri)?.[1] ?? []).filter(isSafePath);
}

/** apt-cacher-ng takes http://HTTPS///host/path for https://host/path; without it that is the address. */
function throughCacher(uri: string): string {
  return uri.replace(/^http:\/\/HTTPS\/+/, 'https://');
}

/** One mirror a line, "URI[tab]key:value…"; "#" begins a comment. */
function readList(path: string, arch: string, context: SourceContext): readonly string[] {
  const text = context.lists?.get(path);
  if (text === undefined) return [];
  return boundedLines(text).flatMap((line) => {
    const [uri = '', ...words] = line.replace(/#.*/, '').trim().split(/\s+/);
    const archs = words.filter((word) => word.startsWith('arch:')).map((word) => word.slice('arch:'.length));
    if (archs.length > 0 && !archs.includes(arch)) return [];
    return parseBaseUrl(throughCacher(uri)) ?? [];
  });
}
