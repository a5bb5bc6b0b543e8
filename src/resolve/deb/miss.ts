/** Why the exact package is not there: what the repositories have beside it, and where superseded kernels go. Pure. */
import { type ErrorDetails, TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import { timeOfDay } from '../../mirrors/snapshot-time.ts';
import type { DebTarget } from '../../types.ts';
import { compareDebVersions } from '../../version/deb-vercmp.ts';
import { findNeighbours } from '../match.ts';
import { imageNames, releaseOf } from './kernel-names.ts';
import type { DebRecord } from './packages-index.ts';
import { dateKernel, FIRST_DAYS } from './snapshot-days.ts';
import type { Pool } from './pool.ts';
import { shellLine } from '../../shell-words.ts';

/** What was looked for. */
export interface Missed {
  /** Alternatives, the preferred first. */
  readonly names: readonly string[];
  /** null where any version of the name would have done. */
  readonly version: string | null;
  /** Records of one of the names that were looked at and passed over, and why: the end of a sentence. */
  readonly passedOver: string | null;
}

/** The error for an exact package that no repository has. */
export function explainMiss(missed: Missed, target: DebTarget, pool: Pool): TapprepError {
  const [name = ''] = missed.names;
  const same = missed.names.flatMap((each) => pool.versions(each));
  const wanted = `${missed.names.join(' or ')}${missed.version === null ? '' : ` ${missed.version}`}`;
  const seen = same.length > 0 ? describeVersions(missed, same) : describeReleases(name, target, pool);
  const where = whereItWent(name, missed.version, target);
  return new TapprepError(
    'NO_EXACT_PACKAGE',
    `no repository has ${wanted}: ${[missed.passedOver ?? seen.text, imageLeft(target, pool, name), where.text].filter((part) => part !== '').join('; ')}`,
    {
      ...where.remedy,
      facts: {
        wanted: missed.names,
        version: missed.version,
        seen: seen.records.map((record) => ({
          name: record.name,
          version: record.version,
          repository: record.repository.id,
        })),
      },
    },
  );
}

interface Seen {
  readonly text: string;
  readonly records: readonly DebRecord[];
}

/** The name is there, in other versions. */
function describeVersions({ version }: Missed, same: readonly DebRecord[]): Seen {
  const { older, newer } = findNeighbours(version ?? '', same, (record) => record.version, compareDebVersions);
  return { text: `they have ${joinNeighbours(older, newer, (record) => record.version)}`, records: same };
}

/** The name carries the release; other releases of the same flavour stand beside it. */
function describeReleases(name: string, target: DebTarget, pool: Pool): Seen {
  const [prefix = '', suffix = ''] = name.split(target.release);
  const releases = pool.names.flatMap((other) => {
    const release = releaseOf(other, prefix, suffix, target.flavour);
    const [record] = release === null ? [] : pool.versions(other);
    return record === undefined || release === null ? [] : [{ release, record }];
  });
  const end = target.flavour === '' ? '' : `-${target.flavour}`;
  const wanted = target.release.slice(0, target.release.length - end.length);
  const { older, newer } = findNeighbours(wanted, releases, ({ release }) => release, compareDebVersions);
  const records = releases.map(({ record }) => record);
  const kind = target.flavour === '' ? 'kernel of that name' : `${target.flavour} kernel`;
  if (older === null && newer === null) return { text: `they have no ${kind} at all`, records };
  const label = ({ release }: { release: string }): string => `${prefix}${release}${end}${suffix}`;
  const nearest = joinNeighbours(
    older && { ...older.record, release: older.release },
    newer && { ...newer.record, release: newer.release },
    (record) => `${label(record)} ${record.version}`,
  );
  return { text: `the nearest ${older === null || newer === null ? 'is' : 'are'} ${nearest}`, records };
}

function joinNeighbours<Value extends DebRecord>(
  older: Value | null,
  newer: Value | null,
  label: (value: Value) => string,
): string {
  const say = (value: Value | null, side: string): string[] =>
    value === null ? [] : [`${label(value)} (${value.repository.id}, ${side})`];
  return [...say(older, 'older'), ...say(newer, 'newer')].join(' and ');
}

/** Security archives drop headers and debug packages before the image. */
function imageLeft(target: DebTarget, pool: Pool, missing: string): string {
  const image = imageNames(target).find((name) => name !== missing && pool.versions(name).length > 0);
  const [record] = image === undefined ? [] : pool.versions(image);
  if (record === undefined) return '';
  return `the kernel itself is still listed as ${record.name} ${record.version} (${record.repository.id})`;
}

function whereItWent(
  name: string,
  version: string | null,
  target: DebTarget,
): { readonly text: string; readonly remedy: ErrorDetails } {
  if (target.kernelFamily === 'ubuntu') {
    const text = "Ubuntu's indexes list current kernels only, superseded ones stay at Launchpad";
    // A file is found there by its version, which only uname -v tells.
    if (version === null) return { text, remedy: { hint: 'add --uname-v with what "uname -v" prints there' } };
    const file = `${name}_${version}_${target.packageArch}.${name.endsWith('-dbgsym') ? 'ddeb' : 'deb'}`;
    return {
      text,
      remedy: { hint: shellLine`curl -fLO https://launchpad.net/ubuntu/+archive/primary/+files/${file}` },
    };
  }
  const list: ErrorDetails = { remedy: tapprep('mirrors', 'list', '--kernel', target.release) };
  if (target.kernelFamily !== 'debian') return { text: '', remedy: list };
  const dated = dateKernel(target);
  return {
    text: `superseded kernels leave the pool of Debian and stay at snapshot.debian.org (https://snapshot.debian.org/binary/${name}/)`,
    remedy:
      dated === null ? list : { remedy: tapprep('plan', '--snapshot', timeOfDay(dated.built + FIRST_DAYS.security)) },
  };
}
