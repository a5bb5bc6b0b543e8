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

/** Every code: how the process ends, and one sentence for `tapprep explain CODE`. */
export const ERROR_CODES = {
  USAGE: { exit: 'usage', doc: 'The command line cannot be understood as written.' },
  BAD_FACTS: { exit: 'usage', doc: 'A facts file is not what `tapprep detect --json` or probe.sh prints.' },
  BAD_MIRRORS: { exit: 'usage', doc: 'A mirror list does not follow mirrors.schema.json.' },
  BAD_LOCK: { exit: 'usage', doc: 'A lock or plan file is not what `tapprep plan --out` writes.' },
  NOT_A_ROOT: { exit: 'usage', doc: 'The directory given with --root holds no installed system.' },
  UNKNOWN_RELEASE: { exit: 'notReady', doc: 'The kernel release is of no known family, and names are never guessed.' },
  WRONG_DISTRIBUTION: { exit: 'notReady', doc: 'The kernel release belongs to another distribution than the target.' },
  CUSTOM_KERNEL_NO_PACKAGE: { exit: 'notReady', doc: 'No distribution publishes packages for this kernel.' },
  NO_EXACT_PACKAGE: { exit: 'notReady', doc: 'The repositories answer but none has the exact package.' },
  NO_REPOSITORY: { exit: 'notReady', doc: 'The mirror list has no repository for this target.' },
  UNSATISFIED_DEPENDENCY: {
    exit: 'notReady',
    doc: 'A package needs another that no repository offers in a fitting version.',
  },
  VENDOR_MISMATCH: { exit: 'notReady', doc: 'Same name and version, built by another vendor than the kernel.' },
  NOT_PROVEN: { exit: 'notReady', doc: 'SystemTap was not seen to run on this kernel.' },
  NETWORK: { exit: 'network', doc: 'Nothing usable answered at any address.' },
  OFFLINE: { exit: 'network', doc: '--offline was given and the file is not in the cache.' },
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
  BAD_BUNDLE: {
    exit: 'verification',
    doc: 'A bundle is truncated or altered, or holds something else than its manifest names.',
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
  BUILD_ID_MISMATCH: { exit: 'verification', doc: 'The debug information was made from another build of the kernel.' },
  UNSAFE_URL: {
    exit: 'verification',
    doc: 'A mirror redirected to another host or a weaker scheme, or named a path outside itself.',
  },
  TOO_LARGE: { exit: 'verification', doc: 'The data is larger than the index says or than any sane file of its kind.' },
  INSTALL_FAILED: { exit: 'install', doc: 'The package manager refused or failed.' },
  JOURNAL_BROKEN: { exit: 'install', doc: 'The record of what tapprep installed cannot be read.' },
  NO_SPACE: { exit: 'install', doc: 'Not enough free space where it is needed.' },
  LOCKED: { exit: 'install', doc: 'Another tapprep works there.' },
  NOT_ROOT: { exit: 'needsRootOrTool', doc: 'Root rights are needed.' },
  TOOL_MISSING: { exit: 'needsRootOrTool', doc: 'A program that is needed is not installed.' },
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

export interface ErrorDetails {
  /** A command that the reader can paste. */
  readonly hint?: string;
  /** Both sides of the comparison and whatever else a program wants to read. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error that tapprep throws. `message` is one sentence with both sides of the comparison. */
export class TapprepError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TapprepError';
    this.code = code;
    this.hint = details.hint === undefined ? null : redact(details.hint);
    this.facts = details.facts ?? {};
  }
}

/** Whether a caught value is ours, and of this code when one is given. */
export function isTapprepError(value: unknown, code?: ErrorCode): value is TapprepError {
  return value instanceof TapprepError && (code === undefined || value.code === code);
}

/** Whether a caught value is a Node error with this errno name. */
export function isErrno(value: unknown, code: string): value is NodeJS.ErrnoException {
  return value instanceof Error && (value as NodeJS.ErrnoException).code === code;
}

/** The exit code of the process for a caught value. */
export function exitCodeOf(error: unknown): number {
  return isTapprepError(error) ? EXIT[ERROR_CODES[error.code].exit] : EXIT.notReady;
}

/** Parameters of a query that are secrets by their name. The bounds keep a hostile text from costing more than one scan. */
const SECRET_PARAMETER = /([?&][\w.-]{0,40}(?:token|sig|key|passw|secret|auth|credential)[\w.-]{0,40}=)[^&#\s"'<>]+/gi;

/** Takes user:password@ and secret parameters out of every URL in a text: it is foreign and may be long. */
export function redact(text: string): string {
  return redactUsers(text).replaceAll(SECRET_PARAMETER, '$1***');
}

/** One forward scan. */
function redactUsers(text: string): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', from)) {
    const start = at + 3;
    let end = start;
    let lastAt = -1;
    while (end < text.length && !' \t\r\n"\'<>/?#'.includes(text.charAt(end))) {
      if (text.charAt(end) === '@') lastAt = end;
      end += 1;
    }
    out += text.slice(from, start) + (lastAt === -1 ? '' : '***@');
    from = lastAt === -1 ? start : lastAt + 1;
  }
  return out + text.slice(from);
}

/** Makes foreign text safe for a terminal: control characters but newline and tab become \xNN. */
export function escapeControl(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (char) =>
    char.charCodeAt(0) < 256
      ? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
      : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** For switches over unions: a value that the type says cannot be. */
export function assertNever(value: never): never {
  throw new TapprepError('INTERNAL', `unexpected value ${JSON.stringify(value)}`);
}
