/** What every pipeline works with: this machine, the fetcher, the mirror lists, and where to tell what happens. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Fetcher } from '../fetch/fetcher.ts';
import { createFetcher } from '../fetch/fetcher.ts';
import type { Host } from '../host/host.ts';
import { createLocalHost } from '../host/local.ts';
import { loadMirrors } from '../mirrors/load.ts';
import type { Mirrors } from '../mirrors/mirror-list.ts';
import { type MirrorOverride, parseMirrorOption } from '../mirrors/override.ts';
import type { ReaderContext } from '../resolve/reader.ts';
import { type Mend, MENDS } from '../systemtap/mends/table.ts';
import type { Emit } from '../types.ts';
import type { StageTimes } from './stage.ts';

/** What a session is made from; everything that differs between a process and a test. */
export interface SessionOptions {
  readonly packageRoot: string;
  readonly cacheDir: string;
  /** Directory of the user's configuration, null for none. */
  readonly configHome: string | null;
  readonly mirrorFiles: readonly string[];
  /** KIND=URL */
  readonly mirrors: readonly string[];
  readonly offline: boolean;
  /** What nobody signed may be installed (--allow-unsigned-packages). */
  readonly allowUnsigned?: boolean;
  /** Nothing that was seen before counts: neither what this machine remembers nor what the package ships. */
  readonly ignoresVerdicts?: boolean;
  /** Milliseconds that all waiting for the network together may take; null for as long as bytes come. */
  readonly timeoutMs?: number | null;
  /** Snapshot archives are asked as of this time, e.g. 20260801T000000Z (--snapshot). */
  readonly snapshot?: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tapprepVersion: string;
  readonly emit: Emit;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** What may mend a SystemTap; the table of this tapprep unless another one is given. */
  readonly mends?: readonly Mend[];
  /** Takes what has to be done when the command ends; left out: nothing on a target is used for longer than one question. */
  readonly atEnd?: (close: () => Promise<void>) => void;
}

export interface Session {
  readonly local: Host;
  readonly fetcher: Fetcher;
  readonly reader: ReaderContext;
  readonly mirrors: Mirrors;
  readonly mends: readonly Mend[];
  readonly overrides: readonly MirrorOverride[];
  readonly cacheDir: string;
  readonly packageRoot: string;
  readonly tapprepVersion: string;
  /** Nothing is asked over the network. */
  readonly offline: boolean;
  readonly emit: Emit;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** What nobody signed may be planned and installed: the user said so by name. */
  readonly allowUnsigned: boolean;
  /** Predictions stand alone: neither remembered nor shipped verdicts are looked at. */
  readonly ignoresVerdicts: boolean;
  /** The time of which snapshot archives are asked; null where none was given. */
  readonly snapshot: string | null;
  readonly atEnd: SessionOptions['atEnd'] | null;
  /** DEBUGINFOD_URLS. */
  readonly debuginfodUrls: string | undefined;
  readonly times: StageTimes;
}

/** Opens a session. @throws TapprepError BAD_MIRRORS, USAGE, PERMISSION, NO_SPACE */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { emit, now, signal, cacheDir, packageRoot } = options;
  const local = createLocalHost();
  const overrides = options.mirrors.map(parseMirrorOption);
  const mirrors = await loadMirrors({
    packageRoot,
    files: options.mirrorFiles,
    configHome: options.configHome,
    sudoUid: options.env['SUDO_UID'],
  });
  const fetcher = await createFetcher({
    cacheDir,
    offline: options.offline,
    timeoutMs: options.timeoutMs ?? null,
    emit,
    now,
    signal,
    env: options.env,
    random: Math.random,
    sleep: async (ms, stop) => {
      await sleepFor(ms, undefined, { signal: stop }).catch((error: unknown) => {
        if (!stop.aborted) throw error;
      });
    },
  });
  const { fetchMetadata, probe } = fetcher;
  return {
    local,
    fetcher,
    reader: { fetchMetadata, probe, run: (argv, runOptions) => local.run(argv, runOptions), emit, now, signal },
    mirrors,
    mends: options.mends ?? MENDS,
    overrides,
    cacheDir,
    packageRoot,
    tapprepVersion: options.tapprepVersion,
    offline: options.offline,
    emit,
    now,
    signal,
    allowUnsigned: options.allowUnsigned === true,
    ignoresVerdicts: options.ignoresVerdicts === true,
    snapshot: options.snapshot ?? null,
    atEnd: options.atEnd ?? null,
    debuginfodUrls: options.env['DEBUGINFOD_URLS'],
    times: [],
  };
}
