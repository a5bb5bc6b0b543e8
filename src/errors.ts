/** Errors: one class, a closed table of codes, and what makes text safe to print. Imports nothing of ours. */

/** Exit codes of the command line (README, "Exit codes"). */
export const EXIT = {
  done: 0,
  notReady: 1,
  usage: 2,
  network: 3,
  verification: 4,
  install: 5,
  needsRootOrTool: 6,
  interrupted: 130,
} as const;

type ExitName = keyof typeof EXIT;

/** The signals that ask for an orderly end, with the exit status of each: 128 and its number. */
export const STOP_SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof STOP_SIGNALS;

/** Every code: how the process ends, and one sentence for `tapprep explain CODE`. */
export const ERROR_CODES = {
  USAGE: { exit: 'usage', doc: 'The command line cannot be understood as written.' },
  BAD_CONFIG: { exit: 'usage', doc: 'A configuration file or a TAPPREP_… variable cannot be used as it is.' },
  FORBIDDEN: { exit: 'usage', doc: 'The configuration of this machine forbids an option that was given.' },
  BAD_FACTS: { exit: 'usage', doc: 'A facts file is not what `tapprep detect --json` or probe.sh prints.' },
  BAD_MIRRORS: { exit: 'usage', doc: 'A mirror list does not follow mirrors.schema.json.' },
  BAD_LOCK: { exit: 'usage', doc: 'A lock or plan file is not what `tapprep plan --out` writes.' },
  BAD_VERDICTS: { exit: 'usage', doc: 'A list of verdicts is not what `tapprep verdicts export` writes.' },
  BAD_BUILD_TREE: {
    exit: 'usage',
    doc: 'What --build-tree or --vmlinux names is not there on the target, or says nothing of a kernel.',
  },
  NOT_A_ROOT: { exit: 'usage', doc: 'The directory given with --root holds no installed system.' },
  UNKNOWN_RELEASE: {
    exit: 'notReady',
    doc: 'The kernel release is not known to tapprep, and no package source that was asked names it.',
  },
  WRONG_DISTRIBUTION: { exit: 'notReady', doc: 'The kernel release belongs to another distribution than the target.' },
  CUSTOM_KERNEL_NO_PACKAGE: {
    exit: 'notReady',
    doc: "Nobody publishes packages for this kernel: every source was asked, or its builder's own word says so.",
  },
  NO_EXACT_PACKAGE: { exit: 'notReady', doc: 'The repositories answer but none has the exact package.' },
  NO_REPOSITORY: { exit: 'notReady', doc: 'The mirror list has no repository for this target.' },
  UNSATISFIED_DEPENDENCY: {
    exit: 'notReady',
    doc: 'A package needs another that no repository offers in a fitting version.',
  },
  MIXED_ARCHITECTURE: {
    exit: 'notReady',
    doc: "The kernel is of another architecture than the target's own packages, beside which its packages do not go.",
  },
  VENDOR_MISMATCH: { exit: 'notReady', doc: 'Same name and version, built by another vendor than the kernel.' },
  NOT_PROVEN: { exit: 'notReady', doc: 'SystemTap was not seen to run on this kernel.' },
  NOT_APPROVED: {
    exit: 'usage',
    doc: 'A question whether to change a target was answered with no, or nobody was there to answer it.',
  },
  MEND_REFUSED: {
    exit: 'notReady',
    doc: 'A SystemTap could not be mended for a kernel: its runtime is not one that the mend was written for.',
  },
  NETWORK: { exit: 'network', doc: 'Nothing usable answered at any address.' },
  OFFLINE: { exit: 'network', doc: '--offline was given and the file is not in the cache.' },
  NOT_REGISTERED: {
    exit: 'network',
    doc: "The target's own repositories answer registered systems only, and its registration is not there, is over or was refused.",
  },
  NOT_FOUND: { exit: 'network', doc: 'Every address answered that the file is not there.' },
  SSH_FAILED: { exit: 'network', doc: 'No ssh connection to the machine given with --host was made.' },
  SSH_REFUSED: { exit: 'network', doc: 'The machine given with --host took no key of this user.' },
  SSH_LOST: {
    exit: 'network',
    doc: 'The ssh connection ended in the middle; the next run goes on from what is there.',
  },
  SSH_HOST_KEY: {
    exit: 'verification',
    doc: 'The machine given with --host shows another host key than known_hosts has for it, or one that is not there.',
  },
  DIGEST_MISMATCH: { exit: 'verification', doc: 'The bytes are not those that the index names.' },
  LOCK_STALE: { exit: 'verification', doc: 'No repository has a file any more that the lock names.' },
  SIZE_MISMATCH: { exit: 'verification', doc: 'The length is not the one that the index names.' },
  BAD_METADATA: { exit: 'verification', doc: 'Repository metadata is malformed, truncated or out of step.' },
  UNSIGNED: { exit: 'verification', doc: 'No signature where one is required.' },
  BAD_SIGNATURE: { exit: 'verification', doc: 'The signature does not fit the bytes.' },
  UNKNOWN_KEY: { exit: 'verification', doc: 'Signed by a key that is neither pinned nor in a keyring of the target.' },
  REVOKED_KEY: { exit: 'verification', doc: 'The signature fits, but the key was revoked by its owner.' },
  SIGNATURE_UNCHECKED: {
    exit: 'verification',
    doc: 'There is a signature, but gpgv of this machine cannot or may not check its kind.',
  },
  EXPIRED_KEY: { exit: 'verification', doc: 'The signature is good, but its key has expired.' },
  EXPIRED_RELEASE: { exit: 'verification', doc: 'The index is older than its own Valid-Until.' },
  CLOCK_WRONG: { exit: 'verification', doc: 'The clock of this machine is behind the date of a signed index.' },
  WEAK_SIGNATURE: {
    exit: 'verification',
    doc: 'The signature is good, but its algorithm is not allowed for this source.',
  },
  MODULE_KEY_UNUSABLE: { exit: 'usage', doc: 'What was given as the key that signs modules is none.' },
  MODULE_KEY_LOCKED: {
    exit: 'usage',
    doc: 'The key that signs modules is encrypted, or in a token, and its passphrase or PIN is not there or wrong.',
  },
  MODULE_KEY_MISMATCH: {
    exit: 'verification',
    doc: 'The key that signs modules and the certificate do not belong together.',
  },
  MODULE_CERT_UNUSABLE: {
    exit: 'usage',
    doc: 'What was given as the certificate of the key that signs modules is none that a kernel can check by.',
  },
  MODULE_CERT_EXPIRED: {
    exit: 'verification',
    doc: 'The certificate of the key that signs modules is not valid today.',
  },
  MODULE_CERT_USAGE: {
    exit: 'verification',
    doc: 'The certificate of the key that signs modules says that the key is for something else.',
  },
  MODULE_TOKEN_UNUSABLE: {
    exit: 'needsRootOrTool',
    doc: 'The PKCS#11 token that holds the key for modules is not there, has no such key, or refused to sign.',
  },
  MODULE_HASH_UNKNOWN: {
    exit: 'notReady',
    doc: 'The kernel wants its modules signed over a digest that tapprep cannot compute.',
  },
  MODULE_SIGNING_FAILED: { exit: 'notReady', doc: 'The program that signs modules gave no signature.' },
  MODULE_ALTERED: { exit: 'verification', doc: 'A module was changed after it was signed.' },
  BAD_BUNDLE: {
    exit: 'verification',
    doc: 'A bundle is truncated or altered, or holds something else than its manifest names.',
  },
  NOT_NEEDED: {
    exit: 'verification',
    doc: 'A bundle holds a package that neither its kernel nor any other package in it needs.',
  },
  EVIDENCE_UNCHECKED: {
    exit: 'verification',
    doc: 'The signatures that vouch for a bundle could not be checked on this machine, because it lacks the keys.',
  },
  WRONG_TARGET: {
    exit: 'notReady',
    doc: 'The bundle was made for another kernel, build, distribution or architecture than the target has.',
  },
  BAD_PACKAGE: { exit: 'verification', doc: 'The package file is malformed or is not the package it is named for.' },
  NOT_DEBUGINFO: {
    exit: 'verification',
    doc: 'What a debuginfod served as the debug information of a kernel is no ELF file with DWARF.',
  },
  WRONG_RELEASE: { exit: 'verification', doc: 'A vmlinux says that it is of another kernel release.' },
  NO_BUILD_ID: {
    exit: 'notReady',
    doc: "A debuginfod is asked by build-id, and the kernel's is not known.",
  },
  BUILD_ID_MISMATCH: { exit: 'verification', doc: 'The debug information was made from another build of the kernel.' },
  UNSAFE_URL: {
    exit: 'verification',
    doc: 'A mirror redirected to another host or a weaker scheme, or named a path outside itself.',
  },
  TOO_LARGE: { exit: 'verification', doc: 'The data is larger than the index says or than any sane file of its kind.' },
  FRONT_END_DIFFERS: {
    exit: 'install',
    doc: 'dnf, yum or zypper would remove or replace packages that the plan leaves alone, and rpm alone cannot install it.',
  },
  INSTALL_FAILED: { exit: 'install', doc: 'The package manager refused or failed.' },
  READ_ONLY_SYSTEM: {
    exit: 'install',
    doc: 'Packages are to be installed where /usr is read-only: the system is an image, or is mounted so.',
  },
  JOURNAL_BROKEN: { exit: 'install', doc: 'The record of what tapprep installed cannot be read.' },
  NO_SPACE: { exit: 'install', doc: 'Not enough free space where it is needed.' },
  LOCKED: { exit: 'install', doc: 'Another tapprep works there.' },
  NOT_ROOT: { exit: 'needsRootOrTool', doc: 'Root rights are needed.' },
  NODE_TOO_OLD: { exit: 'needsRootOrTool', doc: 'Node here is older than tapprep runs on; said by its launcher.' },
  HOST_TOO_OLD: {
    exit: 'needsRootOrTool',
    doc: 'The system or the C library here is none that the one file of tapprep runs on; said by that file.',
  },
  TOOL_MISSING: { exit: 'needsRootOrTool', doc: 'A program or a library that is needed is not installed.' },
  PERMISSION: { exit: 'needsRootOrTool', doc: 'A file or directory cannot be read or written by this user.' },
  CACHE_UNUSABLE: {
    exit: 'needsRootOrTool',
    doc: 'The cache directory cannot be used: a disk error, or something else lies in its place.',
  },
  VM_FAILED: { exit: 'notReady', doc: 'The virtual machine did not boot or did not answer.' },
  TIMEOUT: { exit: 'network', doc: 'No answer in time.' },
  INTERRUPTED: { exit: 'interrupted', doc: 'Stopped by a signal; the next run goes on from what was kept.' },
  INTERNAL: { exit: 'notReady', doc: 'A fault of tapprep itself; please report it.' },
} as const satisfies Record<string, { exit: ExitName; doc: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A Remedy of types.ts. This file imports nothing of ours, so it knows of it only what tells it apart. */
export interface HintRemedy {
  readonly kind: string;
  readonly by: string;
}

export interface ErrorDetails {
  /** A command that the reader can paste, whatever the target is. Beside a remedy: what else to know, in words. */
  readonly hint?: string;
  /** What to do where the command depends on the target: the command line's edge makes the hint of it. */
  readonly remedy?: HintRemedy;
  /** Both sides of the comparison and whatever else a program wants to read. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error that tapprep throws. `message` is one sentence with both sides of the comparison. */
export class TapprepError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly remedy: HintRemedy | null;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TapprepError';
    this.code = code;
    this.hint = details.hint === undefined ? null : redact(details.hint);
    this.remedy = details.remedy ?? null;
    this.facts = details.facts ?? {};
  }
}

/** What an error says to do, for one that takes its place. */
export function adviceOf({ hint, remedy }: TapprepError): Pick<ErrorDetails, 'hint' | 'remedy'> {
  return { ...(hint === null ? {} : { hint }), ...(remedy === null ? {} : { remedy }) };
}

/** Whether a caught value is ours, and of this code when one is given. */
export function isTapprepError(value: unknown, code?: ErrorCode): value is TapprepError {
  return value instanceof TapprepError && (code === undefined || value.code === code);
}

/** Equal for failures that have the same reason, whatever file they concern. */
export function reasonKey({ code, facts }: TapprepError): string {
  return JSON.stringify([code, facts['reason'] ?? null, facts['status'] ?? null]);
}

/** The words of a caught value, which may be no Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a caught value is a Node error with this errno name. */
export function isErrno(value: unknown, code: string): value is NodeJS.ErrnoException {
  return value instanceof Error && (value as NodeJS.ErrnoException).code === code;
}

function isStopSignal(value: unknown): value is StopSignal {
  return typeof value === 'string' && Object.hasOwn(STOP_SIGNALS, value);
}

/** The exit code of the process for a caught value. */
export function exitCodeOf(error: unknown): number {
  if (!isTapprepError(error)) return EXIT.notReady;
  const stop = error.code === 'INTERRUPTED' ? error.facts['signal'] : undefined;
  return isStopSignal(stop) ? STOP_SIGNALS[stop] : EXIT[ERROR_CODES[error.code].exit];
}

/** Takes passwords, tokens and keys out of a text, which is foreign and may be long: each pattern below is one scan. */
export function redact(text: string): string {
  return redactAddresses(text, true);
}

/** The same, but paths of addresses stay: what is asked for keeps the token that a path of its own may hold. */
export function redactLogins(text: string): string {
  return redactAddresses(text, false);
}

/** Names that say that their value is a secret, wherever they stand. */
const SECRET_NAME = 'passw(?:or)?d|passwd|passphrase|secret|token|pwd|jwt|api[_-]?key|private[_-]?key|credentials?';
const VALUE = String.raw`(?!\*\*\*)(?:"[^"\n]{1,200}"|'[^'\n]{1,200}'|[^&#\s"'<>\\,;]+)`;

/** What to mask behind what the first group keeps, and by what. The bounds keep a hostile text from costing more than one scan. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/([?&][\w.-]{0,40}(?:token|sig|key|passw|pwd|secret|auth|credential|jwt)[\w.-]{0,40}=)[^&#\s"'<>\\]+/gi, '***'],
  [/([?&](?:[\w.-]{0,40}[_.-])?(?:pw|pass|otp|sid)=)[^&#\s"'<>\\]+/gi, '***'],
  [new RegExp(String.raw`((?:${SECRET_NAME})\s{0,3}=\s{0,3})${VALUE}`, 'gi'), '***'],
  [new RegExp(String.raw`((?<![\w-])(?:pw|pass)\s{0,3}=\s{0,3})${VALUE}`, 'gi'), '***'],
  [new RegExp(String.raw`((?:${SECRET_NAME})["']\s{0,3}:\s{0,3})(?:"[^"\n]{1,200}"|'[^'\n]{1,200}')`, 'gi'), '"***"'],
  [/((?<!\w)authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:basic|bearer|digest|token)\s{1,3})[^\s"'\\]+/gi, '***'],
  [/((?<!\w)login\s{1,3}\S{1,128}\s{1,3}password\s{1,3})\S+/gi, '***'],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, '***'],
];

/** Whether a text can hold any of it at all; most cannot, and that is the cheaper question. */
const MAY_HOLD_SECRET = /:\/\/|[@=]|eyJ|authorization|login|passw|passphrase|secret|token|pwd|jwt|key["']|credential/i;

function redactAddresses(text: string, paths: boolean): string {
  if (!MAY_HOLD_SECRET.test(text)) return text;
  const safe = text.replaceAll(/[^\s"'<>`\u0000-\u001f]+/g, (word) => redactWord(word, paths));
  return SECRETS.reduce((rest, [pattern, mask]) => maskAll(rest, pattern, mask), safe);
}

function maskAll(text: string, pattern: RegExp, mask: string): string {
  return text.replaceAll(pattern, (whole, kept) => {
    const before = typeof kept === 'string' ? kept : '';
    return `${before}${mask}${quotesLeft(whole.slice(before.length))}`;
  });
}

/** What is masked may be a part of a quoted word of a command: the shell's quotes open and close behind it as they did. */
function quotesLeft(value: string): string {
  const isEven = value.split("'").length % 2 === 1 && !value.includes(String.raw`\'`);
  return isEven ? '' : value.replaceAll(/[^'"\\]/g, '');
}

/** A login before a host that no scheme precedes, as in a proxy's bad address. */
const BARE_LOGIN = /^((?:[\w.-]{1,64}=)?)[\w.%+-]{1,64}:[^@]{1,256}@(?=[\w-]{1,64}(?:\.[\w-]|:\d))/;

const SSH = /(?:^|[^a-z0-9+.-])ssh$/i;

/** One word: white space and quotes end every address. */
function redactWord(word: string, paths: boolean): string {
  let at = word.indexOf('://');
  if (at === -1) return word.includes('@') ? word.replace(BARE_LOGIN, '$1***@') : word;
  let out = '';
  let from = 0;
  while (at !== -1) {
    const start = at + 3;
    const next = word.indexOf('://', start);
    const rest = word.slice(start, next === -1 ? word.length : next);
    const length = loginLength(rest);
    // Whom ssh logs in as is no secret: it is what the command that is to be pasted needs.
    const login = SSH.test(word.slice(0, at)) && !rest.slice(0, length).includes(':') ? 0 : length;
    const shown = rest.slice(login);
    out += `${word.slice(from, start)}${login === 0 ? '' : '***@'}${redactRest(shown, paths)}`;
    from = start + rest.length;
    at = next;
  }
  return out + word.slice(from);
}

/** How much of what follows "://" is user:password@; a "/", "?" or "#" that nobody encoded belongs to the password. */
function loginLength(rest: string): number {
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const colon = authority.startsWith('[') ? -1 : authority.indexOf(':');
  if (colon === -1) return authority.lastIndexOf('@') + 1;
  const isPort = /^\d{0,5}$/.test(authority.slice(colon + 1));
  const query = isPort ? rest.indexOf('?') : -1;
  return (query === -1 ? rest : rest.slice(0, query)).lastIndexOf('@') + 1;
}

/** A part of a path after one of these is a secret where it looks drawn by lot. */
const TOKEN_FOLLOWS =
  /^(?:tokens?|t|private|priv|auth|keys?|api[_-]?keys?|access|secrets?|jwt|credentials?|sas|scc|s)$/i;

/** Path and query. A query that is one long word without a name is a registration, as SUSE has them. */
function redactRest(rest: string, paths: boolean): string {
  const end = rest.search(/[?#]/);
  const path = end === -1 ? rest : rest.slice(0, end);
  const query = end === -1 ? '' : rest.slice(end).replace(/^\?[\w.~+-]{16,}(?=#|$)/, '?***');
  return `${paths ? redactPath(path) : path}${query}`;
}

function redactPath(path: string): string {
  const parts = path.split('/');
  const isSecret = (part: string, index: number): boolean =>
    index > 0 && (isDrawn(part) || (TOKEN_FOLLOWS.test(parts[index - 1] ?? '') && isLong(part)));
  return parts.map((part, index) => (isSecret(part, index) ? '***' : part)).join('/');
}

/** Letters and digits in one piece of 16 or more, or a UUID: no name of a file or a release. */
function isLong(part: string): boolean {
  return (
    (/\d/.test(part) && /[a-z]/i.test(part) && /^[\w~=+-]*$/.test(part) && /[A-Za-z0-9]{16}/.test(part)) ||
    /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(part)
  );
}

/** Changes between capitals, small letters and digits as often as only a random word does; a digest in hex does not count. */
function isDrawn(part: string): boolean {
  if (!/^[A-Za-z0-9]{16,}$/.test(part) || !/[A-Z]/.test(part) || !/[a-z]/.test(part) || !/\d/.test(part)) return false;
  const changes = part.match(/(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[a-z0-9]|(?<=\d)[A-Za-z]/g)?.length ?? 0;
  return changes >= part.length * 0.45;
}

/** What a terminal obeys, or what turns the direction of a line: all but newline and tab. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Makes foreign text safe for a terminal: control characters but newline and tab become \xNN. */
export function escapeControl(text: string): string {
  return text.replace(CONTROL, (char) =>
    char.charCodeAt(0) < 256 ? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}` : escapeUnit(char),
  );
}

/** The same inside JSON text: the value stays what it was, and no byte of it is obeyed. */
export function escapeJsonControl(text: string): string {
  return text.replace(CONTROL, escapeUnit);
}

function escapeUnit(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const SECRET_KEY = new RegExp(`^(?:.*[_-])?(?:${SECRET_NAME})$`, 'i');

/** A value as JSON text without secrets and control characters; strings are masked before quotes are put around them. */
export function toSafeJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent) ?? 'null';
  if (!MAY_HOLD_SECRET.test(text)) return escapeJsonControl(text);
  const safe = JSON.stringify(
    value,
    (key, part: unknown) =>
      typeof part !== 'string' ? part : part !== '' && SECRET_KEY.test(key) ? '***' : redact(part),
    indent,
  );
  return escapeJsonControl(safe ?? 'null');
}

/** For switches over unions: a value that the type says cannot be. */
export function assertNever(value: never): never {
  throw new TapprepError('INTERNAL', `unexpected value ${JSON.stringify(value)}`);
}
