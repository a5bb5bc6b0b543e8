/**
 * `tapprep plan` for one kernel out of large repositories, beside `dnf repoquery --location` and
 * `apt-get --print-uris install` from the same server: cold with an empty cache, warm with what the run before left.
 * The answers are compared: a wrong plan is no fast plan.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type CaseReport, runTapprep } from './bench.ts';
import { type Contestant, type Row, type Wanted, compare } from './compare.ts';
import { DEB_RELEASE, DEB_SUITE, DEB_WANTED, makeDebRepository } from './make-deb-repository.ts';
import { KERNEL_RELEASE, makeRpmRepository } from './make-rpm-repository.ts';
import { type Run, measure } from './measure.ts';
import { writeMirrorsFile } from './mirrors-file.ts';
import type { Series } from './svg.ts';

const SIZES = [5_000, 25_000, 100_000] as const;
/** The size that the numbers are wanted for. */
const JUDGED = 25_000;
const NAMES = ['kernel-devel', 'kernel-debuginfo', 'kernel-debuginfo-common-x86_64'];

/** A measured way to the addresses of packages. */
interface Planner {
  readonly name: string;
  readonly cold: () => void;
  readonly run: () => Run;
  readonly files: (stdout: string) => readonly string[];
}

/** All sizes, both kinds. */
export async function benchPlan(bench: Bench): Promise<CaseReport> {
  const rows: Row[] = [];
  for (const size of bench.quick ? SIZES.slice(0, 1) : SIZES) {
    const rpm = join(bench.directory, `rpm-${size}`);
    const { openBytes, packedBytes } = await makeRpmRepository(rpm, size);
    bench.say(`${size} rpm packages: primary.xml ${megabytes(openBytes)}, packed ${megabytes(packedBytes)}`);
    const url = `${bench.server.url}rpm-${size}/`;
    rows.push(...judge(bench, size, tapprepRpm(bench, url), dnf(bench, url), { time: 0.25, memory: 0.8 }, 0.3));
    rmSync(rpm, { recursive: true });
    const deb = makeDebRepository(join(bench.directory, `deb-${size}`), size, bench.gpg, bench.key);
    bench.say(`${size} deb packages: Packages ${megabytes(deb.openBytes)}, packed ${megabytes(deb.packedBytes)}`);
    const archive = `${bench.server.url}deb-${size}/`;
    rows.push(...judge(bench, size, tapprepDeb(bench, size, archive), apt(bench, archive), {}, undefined));
  }
  return {
    title: 'Plan',
    text: `The exact packages of one kernel out of repositories of ${SIZES.map((size) => size.toLocaleString('en-US')).join(', ')} packages. rpm: \`tapprep plan\` beside \`dnf repoquery --location\`. deb: \`tapprep plan\` (signature checked) beside \`apt-get update\` and \`apt-get --print-uris install\`; warm without the update. dnf does not ask the server when warm, tapprep does.`,
    rows,
    plots: {
      'plan-rpm-time': plot(rows, 'rpm', 'seconds', 'Cold plan, rpm: wall time', 's'),
      'plan-rpm-memory': plot(rows, 'rpm', 'megabytes', 'Cold plan, rpm: peak memory', 'MB'),
      'plan-deb-time': plot(rows, 'deb', 'seconds', 'Cold plan, deb: wall time', 's'),
      'plan-deb-memory': plot(rows, 'deb', 'megabytes', 'Cold plan, deb: peak memory', 'MB'),
    },
  };
}

function judge(
  bench: Bench,
  size: number,
  ours: Planner,
  peer: Planner,
  cold: Wanted,
  warm: number | undefined,
): readonly Row[] {
  const kind = peer.name.startsWith('dnf') ? 'rpm' : 'deb';
  const isJudged = size === JUDGED;
  const pairs = size > JUDGED ? Math.min(bench.pairs, 3) : bench.pairs;
  checkAnswers(ours, peer);
  const label = (state: string): string => `plan, ${state}, ${kind}, ${size.toLocaleString('en-US')}`;
  const first = compare(
    label('cold'),
    contestant(ours, true),
    [{ ...contestant(peer, true), wanted: isJudged ? cold : {} }],
    pairs,
  );
  const second = compare(
    label('warm'),
    contestant(ours, false),
    [{ ...contestant(peer, false), wanted: isJudged && warm !== undefined ? { time: warm } : {} }],
    pairs,
  );
  return [...first, ...second];
}

function contestant(planner: Planner, isCold: boolean): Contestant {
  return { name: planner.name, run: planner.run, ...(isCold ? { prepare: planner.cold } : {}) };
}

/** deb: what the peer's own base system lacks differs by design, so only what was asked for is compared. */
function checkAnswers(ours: Planner, peer: Planner): void {
  const [mine, theirs] = [ours, peer].map((planner) => {
    planner.cold();
    return planner.files(planner.run().stdout);
  });
  if (mine === undefined || mine.length === 0 || mine.join() !== theirs?.join()) {
    throw new Error(`tapprep plans ${mine?.join(' ')}, ${peer.name} ${theirs?.join(' ')}`);
  }
}

function tapprepPlanner(bench: Bench, argv: readonly string[], wanted: readonly string[]): Planner {
  const cache = join(bench.directory, 'cache-tapprep');
  return {
    name: 'tapprep',
    cold: () => rmSync(cache, { recursive: true, force: true }),
    run: () => runTapprep(['plan', ...argv, '--systemtap', 'distro', '--cache-dir', cache, '--json'], bench.directory),
    files: (stdout) => {
      const plan = JSON.parse(stdout) as { readonly items: readonly { name: string; urls: readonly string[] }[] };
      return plan.items
        .filter(({ name }) => wanted.includes(name))
        .map(({ urls }) => urls[0] ?? '')
        .toSorted();
    },
  };
}

function tapprepRpm(bench: Bench, url: string): Planner {
  const argv = ['--distro', 'centos:9', '--kernel', KERNEL_RELEASE, '--mirror', `rpm-md=${url}`];
  return tapprepPlanner(bench, argv, NAMES);
}

function tapprepDeb(bench: Bench, size: number, url: string): Planner {
  const repository = {
    id: `deb-${size}`,
    distro: 'debian',
    versions: ['12'],
    kind: 'deb',
    urls: [url],
    suite: DEB_SUITE,
  } as const;
  const mirrors = writeMirrorsFile(bench.directory, repository, bench.key);
  const argv = ['--distro', 'debian:12', '--kernel', DEB_RELEASE, '--mirrors', mirrors];
  return tapprepPlanner(bench, argv, DEB_WANTED);
}

function dnf(bench: Bench, url: string): Planner {
  const cache = join(bench.directory, 'cache-dnf');
  const options = { reposdir: join(bench.directory, 'none'), cachedir: cache, persistdir: join(cache, 'persist') };
  const argv = [
    'dnf',
    '--quiet',
    '--disableplugin=*',
    ...Object.entries(options).map(([name, value]) => `--setopt=${name}=${value}`),
    `--repofrompath=bench,${url}`,
    '--repo=bench',
    '--releasever=9',
    'repoquery',
    '--location',
    ...NAMES.map((name) => `${name}-${KERNEL_RELEASE}`),
  ];
  return {
    name: 'dnf repoquery',
    cold: () => rmSync(cache, { recursive: true, force: true }),
    run: () => measure(argv, { env: { HOME: bench.directory } }),
    files: (stdout) => stdout.trim().split('\n').toSorted(),
  };
}

/** apt with directories of its own and an empty dpkg database: it sees the one archive and nothing of this host. */
function apt(bench: Bench, url: string): Planner {
  const home = join(bench.directory, 'apt');
  const config = join(home, 'apt.conf');
  const makeEmpty = (): void => {
    rmSync(home, { recursive: true, force: true });
    for (const part of ['state/lists/partial', 'cache/archives/partial', 'etc/parts']) {
      mkdirSync(join(home, part), { recursive: true });
    }
    writeFileSync(join(home, 'status'), '');
    writeFileSync(join(home, 'etc/sources.list'), `deb [signed-by=${bench.key.armored}] ${url} ${DEB_SUITE} main\n`);
    const settings = {
      'Dir::State': `${home}/state`,
      'Dir::State::status': `${home}/status`,
      'Dir::Cache': `${home}/cache`,
      'Dir::Etc::sourcelist': `${home}/etc/sources.list`,
      'Dir::Etc::sourceparts': `${home}/etc/parts`,
      'APT::Architecture': 'amd64',
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
    };
    writeFileSync(
      config,
      Object.entries(settings)
        .map(([name, value]) => `${name} "${value}";\n`)
        .join(''),
    );
  };
  makeEmpty();
  // One command for both states: an update that finds its lists is quick, and warm means that they are there.
  const script = `[ -e '${home}/state/lists/lock' ] || apt-get -qq update; apt-get -qq --no-install-recommends --print-uris install "$@"`;
  return {
    name: 'apt-get --print-uris',
    cold: makeEmpty,
    run: () => measure(['sh', '-c', script, 'sh', ...DEB_WANTED], { env: { APT_CONFIG: config } }),
    files: (stdout) =>
      [...stdout.matchAll(/^'([^']+)'/gm)]
        .map(([, address = '']) => address)
        .filter((address) => DEB_WANTED.some((name) => address.includes(`/${name}_`)))
        .toSorted(),
  };
}

function plot(rows: readonly Row[], kind: string, unit: 'seconds' | 'megabytes', title: string, y: string) {
  const cold = rows.filter(({ work }) => work.startsWith(`plan, cold, ${kind}`));
  const points = (side: 'ours' | 'theirs'): Series['points'] =>
    cold.map((row, at) => [SIZES[at] ?? 0, row[side][unit]]);
  const series = [
    { name: 'tapprep', points: points('ours') },
    { name: cold[0]?.peer ?? '', points: points('theirs') },
  ];
  return { title, x: 'packages', y, series };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
