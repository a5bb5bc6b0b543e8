/** sources.list and *.list: `deb [option=value …] URI SUITE COMPONENT…` (sources.list(5), one-line style). Pure. */
import type { HostRepositoryFile } from '../types.ts';
import { LOOSENING } from './apt-source.ts';
import type { AptSource } from './apt-source.ts';
import { boundedLines } from './source-file.ts';

/** The active lines of a file; what is commented out is not a source. */
export function parseAptOneLine(file: HostRepositoryFile): readonly AptSource[] {
  return boundedLines(file.text).flatMap((line) => parseLine(line, file) ?? []);
}

function parseLine(line: string, file: HostRepositoryFile): AptSource | null {
  const hash = line.indexOf('#');
  const text = (hash === -1 ? line : line.slice(0, hash)).trim();
  const type = /^(deb|deb-src)(?=[\s[])/.exec(text)?.[1];
  if (type === undefined) return null;
  let rest = text.slice(type.length).trim();
  let options: ReadonlyMap<string, string> = new Map();
  if (rest.startsWith('[')) {
    const end = rest.indexOf(']');
    if (end === -1) return null;
    options = parseOptions(rest.slice(1, end));
    rest = rest.slice(end + 1).trim();
  }
  const [uri, suite, ...components] = rest.split(/\s+/);
  if (uri === undefined || suite === undefined) return null;
  const list = (name: string): readonly string[] =>
    (options.get(name) ?? '').split(',').filter((value) => value !== '');
  const archs = list('arch');
  return {
    file,
    types: [type],
    uris: [uri],
    suites: [suite],
    components,
    architectures: archs.length === 0 ? null : archs,
    signedBy: list('signed-by'),
    keyBlocks: [],
    enabled: true,
    loosened: LOOSENING.filter(([name, pattern]) => pattern.test(options.get(name) ?? '')).map(([name]) => name),
  };
}

/** `name=value`, values with commas; `arch+=` and `arch-=` only change dpkg's own list, which is not known here. */
function parseOptions(text: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const option of text.split(/\s+/)) {
    const equals = option.indexOf('=');
    if (equals < 1 || '+-'.includes(option.charAt(equals - 1))) continue;
    options.set(option.slice(0, equals).toLowerCase(), option.slice(equals + 1));
  }
  return options;
}
