/** The waits and bounds of a transfer, in one place. */

export interface FetchLimits {
  /** TCP connect and TLS handshake, each. */
  readonly connectMs: number;
  /** From the request to the first header. */
  readonly responseMs: number;
  /** Silence within a body. */
  readonly idleMs: number;
  /** A body slower than this over `lowSpeedWindowMs` is given up for another mirror or a new connection. */
  readonly lowSpeedBytesPerSecond: number;
  readonly lowSpeedWindowMs: number;
  /** A file that would take longer than this at its speed is too slow as well, so that large files ask for more of a mirror. */
  readonly longestMs: number;
  /** Without a byte from anywhere for so long, a run that waits for the network ends. */
  readonly silenceMs: number;
  /** How long a mirror is watched before a faster one is looked for. */
  readonly hurryMs: number;
  /** A file that will be there sooner than this stays where it is. */
  readonly patienceMs: number;
  /** Failures of one mirror in a row, without progress between them, before it is given up. */
  readonly attempts: number;
  /** The same of a mirror to which no connection came about: a dead network should be told of soon. */
  readonly contactAttempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** A mirror that asks for a longer pause is given up. */
  readonly maxRetryAfterMs: number;
  /** How long to wait for another process that holds a file without making progress. */
  readonly lockMs: number;
}

export const DEFAULT_LIMITS: FetchLimits = {
  connectMs: 15_000,
  responseMs: 30_000,
  idleMs: 30_000,
  lowSpeedBytesPerSecond: 1024,
  lowSpeedWindowMs: 30_000,
  longestMs: 86_400_000,
  silenceMs: 60_000,
  hurryMs: 1_500,
  patienceMs: 5_000,
  attempts: 5,
  contactAttempts: 3,
  backoffMs: 500,
  maxBackoffMs: 15_000,
  maxRetryAfterMs: 60_000,
  lockMs: 60_000,
};
