/**
 * Of the target's package source files only the directives that tapprep reads become facts: comments, settings of others
 * and the lines that continue them may hold anything, passwords too. Pure.
 */
import { redactLogins } from '../errors.ts';
import type { HostRepositoryFile } from '../types.ts';

/** Where apt's sources of the form mirror+file: have their lists. */
const MIRROR_LIST = /^\/etc\/apt\/mirrors\/[^/]+$/;

export function isMirrorList(path: string): boolean {
  return MIRROR_LIST.test(path);
}

/** Which lines of a file are kept, by the form of the file (src/mirrors reads the same forms). */
const FORMS: readonly (readonly [RegExp, (lines: readonly string[], path: string) => readonly string[]])[] = [
  [MIRROR_LIST, keepAddresses],
  [/\/sources\.list$|\.list$/, keepOneLine],
  [/\.sources$/, keepStanzas],
  [/\.repo$|\/(?:yum|dnf)\.conf$|\.module$/, keepSections],
  [/\/(?:vars|vars\.d)\/[^/]+$/, keepVariable],
];

/** The file without anything that tapprep does not read, and without logins; a file of no known form is empty. */
export function keepDirectives(file: HostRepositoryFile): HostRepositoryFile {
  const { path, text } = keepDirectivesWhole(file);
  return { path, text: redactLogins(text) };
}

/** The same with the logins and tokens that stand in addresses: to ask with, never to keep. */
export function keepDirectivesWhole({ path, text }: HostRepositoryFile): HostRepositoryFile {
  const keep = FORMS.find(([pattern]) => pattern.test(path))?.[1];
  const kept = keep === undefined ? '' : keep(text.split(/\r?\n/), path).join('\n').trimEnd();
  return { path, text: kept === '' ? '' : `${kept}\n` };
}

/** One address a line, with what apt is to know of it. */
function keepAddresses(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => /^[a-z+]{3,20}:\/\//.test(line));
}

function keepOneLine(lines: readonly string[]): readonly string[] {
  return lines
    .map((line) => (line.includes('#') ? line.slice(0, line.indexOf('#')) : line).trim())
    .filter((line) => /^deb(-src)?[\s[]/.test(line));
}

const STANZA_FIELDS: ReadonlySet<string> = new Set([
  'types',
  'uris',
  'suites',
  'components',
  'architectures',
  'signed-by',
  'enabled',
  'trusted',
  'allow-insecure',
  'allow-weak',
  'allow-downgrade-to-insecure',
  'check-valid-until',
  'check-date',
]);

/** deb822: a comment may stand between the lines of a value and does not end it. */
function keepStanzas(lines: readonly string[]): readonly string[] {
  let isKept = false;
  return lines.filter((line) => {
    if (line.startsWith('#')) return false;
    if (line.trim() === '') {
      isKept = false;
      return true;
    }
    if (!/^[ \t]/.test(line)) isKept = STANZA_FIELDS.has(nameBefore(line, ':'));
    return isKept;
  });
}

const SECTION_KEYS: ReadonlySet<string> = new Set([
  'name',
  'baseurl',
  'mirrorlist',
  'metalink',
  'enabled',
  'gpgcheck',
  'repo_gpgcheck',
  'gpgkey',
  'type',
  'path',
  'sslclientcert',
  'sslclientkey',
  'sslcacert',
  'priority',
  'exclude',
  'excludepkgs',
  'includepkgs',
  // Of a module.
  'stream',
  'state',
]);

function keepSections(lines: readonly string[]): readonly string[] {
  let isKept = false;
  return lines.flatMap((line) => {
    const trimmed = line.trim();
    if (/^[#;]/.test(trimmed)) return [];
    if (trimmed === '' || /^\[.*\]$/.test(trimmed)) {
      isKept = false;
      return [trimmed];
    }
    if (/^[ \t]/.test(line)) return isKept ? [line] : [];
    const name = nameBefore(line, /[=:]/);
    isKept = SECTION_KEYS.has(name);
    // That there is a login decides how the repository can be asked; who it is does not.
    return isKept ? [line] : name === 'username' ? ['username=***'] : [];
  });
}

/** A variable of yum or zypper: its first line, but for one whose name says that it is a secret. */
function keepVariable([first = '']: readonly string[], path: string): readonly string[] {
  return [/pass|token|secret|key|auth|cred|login|pwd/i.test(path.slice(path.lastIndexOf('/'))) ? '***' : first];
}

function nameBefore(line: string, mark: string | RegExp): string {
  const [name = ''] = line.split(mark, 1);
  return name.trim().toLowerCase();
}
