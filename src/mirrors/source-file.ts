/** What the parsers of a target's package source files share. The files are foreign: bounded, and never an exception. Pure. */
import { escapeControl, redact } from '../errors.ts';
import type { HostRepositoryFile, Repository, RepositoryContent, Target } from '../types.ts';

/** What a target's own files say: repositories in their order, and sentences about what was passed over or ignored. */
export interface HostSources {
  readonly repositories: readonly Repository[];
  readonly notes: readonly string[];
  /** Addresses that are not asked because only their own machine believes their keys. */
  readonly unbelieved: readonly string[];
}

/** What a parser gets besides the file. */
export interface SourceContext {
  readonly target: Target;
  /** Where a key file of the target lies on this machine. */
  readonly keyPath: (path: string) => string;
  /** Whether keys that come with the files are believed; else those alone that this machine has where its keyrings are. */
  readonly ownKeys: boolean;
  /** Where a client certificate or its key lies on this machine; null: they are the target's, which is elsewhere. */
  readonly clientFile: ((path: string) => string) | null;
  /** Below it the target's own front end answers, for what only it can ask; null where it cannot be asked. */
  readonly frontEnd: string | null;
  /** Patterns of packages that the target takes from nowhere. */
  readonly excludes: readonly string[];
  /** Whether the target's package manager obeys `priority=`. */
  readonly knowsPriorities: boolean;
  /** Key files that apt believes for every source that names none: /etc/apt/trusted.gpg and trusted.gpg.d. */
  readonly trusted?: readonly string[];
  /** Files beside the sources by path: the lists that mirror+file: names. */
  readonly lists?: ReadonlyMap<string, string>;
  /** yum, dnf and zypper variables from /etc/yum/vars, /etc/dnf/vars and /etc/zypp/vars.d. */
  readonly variables: ReadonlyMap<string, string>;
  readonly note: (file: HostRepositoryFile, text: string) => void;
  /** Takes the address of a source that is left out for its key. */
  readonly leaveOut: (url: string) => void;
}

export const EVERY_CONTENT: readonly RepositoryContent[] = ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'];

const MAX_FILE = 1024 * 1024;
const MAX_LINES = 20_000;
const MAX_LINE = 8192;

/** The lines of a file without their ends; what is beyond any sane file of its kind is cut off. */
export function boundedLines(text: string): readonly string[] {
  return text
    .slice(0, MAX_FILE)
    .split(/\r?\n/, MAX_LINES)
    .map((line) => (line.length > MAX_LINE ? '' : line));
}

/** A foreign word for a sentence: no credentials, no control characters, not long. */
export function quoted(text: string): string {
  const safe = escapeControl(redact(text));
  return `"${safe.length > 120 ? `${safe.slice(0, 120)}…` : safe}"`;
}

/**
 * A base URL that can be asked: http, https or ftp, no query, ends in "/"; null for anything else. Credentials stay in
 * it; where a saved facts file has them taken out, the address is used without.
 */
export function parseBaseUrl(text: string): string | null {
  const bare = text.replace('://***@', '://');
  if (/[\s\u0000-\u001f\u007f{}<>"\\]/u.test(bare) || !/^(https?|ftp):\/\/[^/]/i.test(bare)) return null;
  // A path that was saved without its token leads nowhere.
  if (bare.includes('/***') || !URL.canParse(bare)) return null;
  const url = new URL(bare);
  if (url.search !== '' || url.hash !== '' || url.hostname === '') return null;
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** Whether text names a suite, component or repository: plain words, "/" between them, nothing that climbs. */
export function isPlainPath(text: string): boolean {
  return text.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9._+~:-]*(\/[A-Za-z0-9][A-Za-z0-9._+~:-]*)*$/.test(text);
}

/** Where key files of package sources lie on any machine. What lies elsewhere here may be anybody's. */
const KEYRING_PLACES =
  /^(?:\/etc\/apt\/trusted\.gpg$|(?:\/usr\/share\/(?:keyrings|distribution-gpg-keys)|\/etc\/apt\/(?:keyrings|trusted\.gpg\.d)|\/etc\/pki\/rpm-gpg|\/usr\/lib\/rpm\/gnupg\/keys)\/.)/;

/** Whether a key file that somebody else's source names may be this machine's file of that name. */
export function isKeyringPath(path: string): boolean {
  return KEYRING_PLACES.test(path) && isSafePath(path);
}

/** Whether text is an absolute path that does not climb. */
export function isSafePath(text: string): boolean {
  return (
    text.startsWith('/') &&
    text.length <= 400 &&
    !/[\s\u0000-\u001f\u007f]/u.test(text) &&
    !text.split('/').includes('..')
  );
}
