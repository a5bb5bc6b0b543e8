/** Which debuginfod servers are asked: those that the user or the target names, else those known here. Pure. */

/** The federation of the distributions' own servers (man debuginfod), and Fedora's (fedoraproject.org/wiki/Debuginfod). */
const KNOWN: readonly { readonly url: string; readonly distros: readonly string[] | null }[] = [
  { url: 'https://debuginfod.fedoraproject.org/', distros: ['fedora'] },
  { url: 'https://debuginfod.elfutils.org/', distros: null },
];

/**
 * Base addresses in the order to ask, each ending in "/".
 * @param variable DEBUGINFOD_URLS of whoever runs tapprep
 * @param files the text of the target's /etc/debuginfod/*.urls
 */
export function listServers(variable: string | undefined, files: string, distro: string): readonly string[] {
  const named = [...readServers(variable ?? ''), ...readServers(files)];
  const known = KNOWN.filter(({ distros }) => distros === null || distros.includes(distro)).map(({ url }) => url);
  return [...new Set(named.length > 0 ? named : known)];
}

/** Words between blanks; some are no addresses but settings ("ima:enforcing"). */
function readServers(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(/\s+/))
    .filter((word) => URL.canParse(word) && /^https?:\/\//.test(word))
    .map((word) => (word.endsWith('/') ? word : `${word}/`));
}

/** The address of a build's debug information (man debuginfod, "WEBAPI"). */
export function debuginfoUrl(server: string, buildId: string): string {
  return `${server}buildid/${buildId}/debuginfo`;
}
