/** Puts the frames of one boot together into what each job did. */
import { findBuildId } from '../elf/notes.ts';
import { parseLockdown } from '../detect/lockdown.ts';
import { parseProcKeys } from '../detect/trusted-keys.ts';
import type { GuestPolicy } from '../types.ts';
import type { VmJob, VmJobResult, VmReport } from './job.ts';
import type { Frame } from './report-frames.ts';

/** What is known of a boot so far; `take` gets every frame in order. */
export interface ReportCollector {
  /** Returns what the frame means for the one who waits; frames that make no sense change nothing. */
  take(frame: Frame): Progress | null;
  guest(): Pick<VmReport, 'release' | 'unameV' | 'buildId' | 'policy'>;
  /** What kernel modules could not be loaded, in insmod's own words. */
  setupProblems(): string;
  /** One result a job: those that never ended are `unended` when they had started, else not run. */
  jobs(unended: 'lost' | 'silent'): readonly VmJobResult[];
}

/** What a frame tells. */
export type Progress =
  | { readonly kind: 'booted' }
  | { readonly kind: 'started'; readonly job: VmJob }
  | { readonly kind: 'ended'; readonly job: VmJob }
  | { readonly kind: 'done' };

/** Bytes taken of each kind of payload: what init.sh sends at most, and nothing beyond it. */
const PAYLOAD_LIMITS: Readonly<Record<string, number>> = {
  release: 256,
  version: 512,
  notes: 4096,
  policy: 512,
  keys: 16_384,
  insmod: 4096,
  out: 65_536,
  err: 16_384,
  trigger: 4096,
  log: 8192,
};

interface End {
  readonly outcome: 'ended' | 'timed-out' | 'flooded';
  readonly exitStatus: number | null;
  readonly removed: boolean;
  readonly seconds: number;
  readonly outBytes: number;
  readonly errBytes: number;
  readonly seen: readonly number[];
}

/** A collector for the jobs of one boot. */
export function createReportCollector(jobs: readonly VmJob[]): ReportCollector {
  const payloads = new Map<string, Buffer>();
  const started = new Set<number>();
  const ends = new Map<number, End>();

  const bytes = (verb: string, job: number | '-'): Buffer => payloads.get(`${verb} ${job}`) ?? Buffer.alloc(0);
  const text = (verb: string, job: number | '-'): string => bytes(verb, job).toString('utf8');

  return {
    take({ verb, words }) {
      const limit = PAYLOAD_LIMITS[verb];
      if (limit !== undefined) {
        const [job = '', data = ''] = words;
        const key = `${verb} ${job}`;
        if ((job === '-' || jobAt(jobs, job) !== null) && isBase64(data))
          payloads.set(
            key,
            Buffer.concat([payloads.get(key) ?? Buffer.alloc(0), Buffer.from(data, 'base64')]).subarray(0, limit),
          );
        return null;
      }
      if (verb === 'boot') return { kind: 'booted' };
      if (verb === 'done') return { kind: 'done' };
      const index = jobAt(jobs, words[0] ?? '');
      const job = index === null ? undefined : jobs[index];
      if (index === null || job === undefined) return null;
      if (verb === 'start') {
        started.add(index);
        return { kind: 'started', job };
      }
      const end = verb === 'end' && started.has(index) && !ends.has(index) ? parseEnd(words) : null;
      if (end === null) return null;
      ends.set(index, end);
      return { kind: 'ended', job };
    },
    guest() {
      return {
        release: text('release', '-').trim(),
        unameV: text('version', '-').trim(),
        // Only little-endian kernels are booted here.
        buildId: findBuildId(bytes('notes', '-'), true),
        policy: parsePolicy(text('policy', '-'), text('keys', '-')),
      };
    },
    setupProblems: () => text('insmod', '-').trim(),
    jobs(unended) {
      return jobs.map((job, index) => {
        const end = ends.get(index);
        const expect = job.expect ?? [];
        const stdout = text('out', index);
        return {
          name: job.name,
          outcome: end?.outcome ?? (started.has(index) ? unended : 'not-run'),
          exitStatus: end?.exitStatus ?? null,
          stdout,
          stderr: text('err', index),
          triggerOutput: text('trigger', index),
          truncated:
            end !== undefined &&
            (end.outBytes > bytes('out', index).length || end.errBytes > bytes('err', index).length),
          seen: expect.filter((_, at) => end?.seen.includes(at) === true),
          missed: expect.filter((_, at) => end?.seen.includes(at) !== true),
          removed: end?.removed ?? false,
          kernelLog: text('log', index),
          seconds: end?.seconds ?? 0,
        };
      });
    },
  };
}

/** Lines of a name and a value, as init.sh writes them. */
function parsePolicy(lines: string, keys: string): GuestPolicy {
  const values = new Map(
    lines.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]),
  );
  const secureBoot = values.get('secure-boot');
  const sigEnforce = values.get('sig_enforce');
  return {
    efi: values.get('efi') === 'yes',
    secureBoot: secureBoot === undefined ? null : secureBoot === 'enabled',
    lockdown: parseLockdown(values.get('lockdown') ?? ''),
    sigEnforce: sigEnforce === undefined ? null : /^[Y1]/.test(sigEnforce),
    trustedKeys: parseProcKeys(keys),
  };
}

function jobAt(jobs: readonly VmJob[], word: string): number | null {
  if (!/^\d{1,4}$/.test(word)) return null;
  const index = Number(word);
  return index < jobs.length ? index : null;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/** `end JOB OUTCOME STATUS REMOVED HUNDREDTHS OUT-BYTES ERR-BYTES seen,0,2` */
function parseEnd(words: readonly string[]): End | null {
  const [, outcome = '', status = '', removed = '', ...rest] = words;
  if (outcome !== 'ended' && outcome !== 'timed-out' && outcome !== 'flooded') return null;
  if (!/^(-|\d{1,5})$/.test(status) || !/^[01]$/.test(removed)) return null;
  const [time = '', outBytes = '', errBytes = '', seen = ''] = rest;
  if (![time, outBytes, errBytes].every((word) => /^\d{1,12}$/.test(word)) || !/^seen(,\d{1,4})*$/.test(seen))
    return null;
  return {
    outcome,
    exitStatus: status === '-' ? null : Number(status),
    removed: removed === '1',
    seconds: Number(time) / 100,
    outBytes: Number(outBytes),
    errBytes: Number(errBytes),
    seen: seen.split(',').slice(1).map(Number),
  };
}
