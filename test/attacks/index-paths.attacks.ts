/** Where an index says that a file lies: never outside the repository. */
import { type Attack, held, succeeded } from './attack.ts';

const FILE = 'src/resolve/location.ts';
const GUARD = [
  { file: FILE, text: 'if (problem !== null) throw unsafe(href, baseUrl, problem);', replacement: '' },
  { file: FILE, text: "if (!inside) throw unsafe(href, baseUrl, 'it leads out of the repository');", replacement: '' },
  {
    file: FILE,
    text: 'url.pathname = new URL(href, base).pathname;',
    replacement: 'url.href = new URL(href, base).href;',
  },
];
const BASE = 'http://mirror.example/repo/';

const HREFS: readonly (readonly [string, string])[] = [
  ['the directory above', '../evil.rpm'],
  ['the directory above, percent-encoded', '%2e%2e/evil.rpm'],
  ['another host', '//evil.example/a.rpm'],
  ['another scheme', 'ftp://evil.example/a.rpm'],
  ['the root of the server', '/evil.rpm'],
  ['another host, behind a backslash', '\\\\evil.example/a.rpm'],
];

export const attacks: readonly Attack[] = HREFS.map(([name, href]) => ({
  name: `an index sends for a package to ${name}`,
  guard: GUARD,
  attempt: async (tree) => {
    const { resolveLocation } = await tree.load<typeof import('../../src/resolve/location.ts')>(FILE);
    try {
      const url = resolveLocation(BASE, href, null);
      return url.startsWith(BASE) ? held(`it stays below the repository: ${url}`) : succeeded(`${url} is fetched`);
    } catch (error) {
      return held((error as { readonly code?: string }).code ?? String(error));
    }
  },
}));
