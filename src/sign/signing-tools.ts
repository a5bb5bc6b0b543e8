/** What signing is given of the world. Types only. */
import type { Host } from '../host/host.ts';

export interface SigningTools {
  /** This machine: keys never leave it. */
  readonly local: Host;
  /** The user's own environment, for a signing program of theirs and for the tools that talk to tokens. */
  readonly env: Readonly<Record<string, string>>;
  /** A directory that only this user can enter. */
  readonly temporaryDirectory: string;
  /** A passphrase or PIN; null where none can be had. */
  readonly askSecret: (question: string) => Promise<string | null>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}
