/**
 * Three packages of 1 GiB together: downloaded and verified. tapprep checks every signature too; the peers check a digest
 * or, dnf, nothing when it downloads. Once from one fast server, once from three of which the first named is slow.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveNginx } from '../test/helpers/nginx.ts';
import { kernelBuild, openRpmLab } from '../test/helpers/rpm-lab.ts';
import { type Bench, type CaseReport, runTapprep } from './bench.ts';
import { type Contestant, compare } from './compare.ts';
import { unpackDnfPlugins } from './dnf-plugins.ts';
import { KERNEL_RELEASE } from './make-rpm-repository.ts';
import { measure } from './measure.ts';
import { writeMirrorsFile } from './mirrors-file.ts';

const MEBIBYTE = 1 << 20;
const BYTES: Readonly<Record<string, number>> = {
  'kernel-devel': 24 * MEBIBYTE,
  'kernel-debuginfo': 700 * MEBIBYTE,
  'kernel-debuginfo-common-x86_64': 300 * MEBIBYTE,
};
/** What the slow mirror gives each connection: 1 MB/s, as a far or crowded one does. */
const SLOW_RATE = '1m';
/** And the others: 60 MB/s a connection, so that the link is the bound and not this machine. */
const FAST_RATE = '60m';

const WHAT =
  'kernel-devel, kernel-debuginfo and kernel-debuginfo-common, 1 GiB together. `tapprep fetch` plans, downloads, compares the digests of index and package, checks the signature of each by gpgv, and puts a digested copy, synced to the disk, beside the one in its cache;';

/** From one server that is as fast as this machine. */
export function benchDownload(bench: Bench): Promise<CaseReport> {
  const names = makeRepository(bench);
  const one = [`${bench.server.url}big/`];
  const rows = compare(
    'download and verify 1 GiB, one server',
    checked(bench, tapprep(bench, 'one', one)),
    [
      { ...curl(bench, names, one), wanted: { time: 0.5 } },
      { ...aria2(bench, names, one), wanted: { time: 0.5 } },
      dnf(bench, names, one),
    ].map((peer) => ({ ...peer, ...checked(bench, peer) })),
    Math.min(bench.pairs, 3),
  );
  return Promise.resolve({
    title: 'Download and verify',
    text: `${WHAT} \`curl --parallel\` is followed by sha256sum; \`aria2c\` has \`--checksum\` for each; \`dnf download\` checks sizes and digests of the index.`,
    rows,
    plots: {},
  });
}

/** From three mirrors, the first of them slow. */
export async function benchMirrors(bench: Bench): Promise<CaseReport> {
  const names = makeRepository(bench);
  const servers = [
    await serveNginx(bench.directory, { rate: SLOW_RATE }),
    await serveNginx(bench.directory, { rate: FAST_RATE }),
    await serveNginx(bench.directory, { rate: FAST_RATE }),
  ];
  try {
    const three = servers.map(({ url }) => `${url}big/`);
    // Its own defaults split no piece below 20 MiB and keep the slow server's large piece there for minutes.
    const tuning = ['--split=9', '--max-connection-per-server=3', '--min-split-size=1M'];
    const rows = compare(
      'download and verify 1 GiB, three mirrors, one slow',
      checked(bench, tapprep(bench, 'three', three)),
      [{ ...aria2(bench, names, three, tuning), wanted: { time: 0.7 } }],
      Math.min(bench.pairs, 3),
    );
    return {
      title: 'Three mirrors, one slow',
      text: `${WHAT} \`aria2c\` has \`--checksum\` for each and is told to split finely. The slow mirror is named first and gives each connection ${SLOW_RATE}B/s, the other two ${FAST_RATE}B/s.`,
      rows,
      plots: {},
    };
  } finally {
    for (const server of servers) await server.close();
  }
}

/** DIRECTORY/big: real signed packages with random payloads. Returns their file names. */
function makeRepository({ directory, gpg, key, quick }: Bench): readonly string[] {
  const packages = join(directory, 'big/Packages');
  if (existsSync(packages)) return readdirSync(packages).toSorted();
  const lab = openRpmLab();
  try {
    const build = kernelBuild('5.14.0', KERNEL_RELEASE.replace('5.14.0-', '').replace('.x86_64', ''));
    const wanted = build.packages
      .filter(({ name }) => name in BYTES)
      .map((item) => ({ ...item, bytes: (BYTES[item.name] ?? 0) / (quick ? 16 : 1) }));
    const built = Object.values(lab.build({ ...build, packages: wanted }));
    for (const path of built) lab.sign(path, gpg, key);
    // createrepo_c digests them once more; that is what the index is made of.
    renameSync(lab.makeRepository('big', built), join(directory, 'big'));
  } finally {
    lab.close();
  }
  return readdirSync(packages).toSorted();
}

/** An empty directory for what is downloaded. */
function emptied(bench: Bench, ...names: readonly string[]): () => void {
  return () => {
    for (const name of names) rmSync(join(bench.directory, name), { recursive: true, force: true });
    for (const name of names) mkdirSync(join(bench.directory, name));
  };
}

/** One that leaves anything but the packages, whole, has not done the work. */
function checked(bench: Bench, contestant: Contestant): Contestant {
  const [have, want] = [join(bench.directory, 'into'), join(bench.directory, 'big/Packages')];
  return {
    ...contestant,
    run: () => {
      const run = contestant.run();
      for (const name of readdirSync(want)) {
        const [size, wanted] = [have, want].map((place) => statSync(join(place, name)).size);
        if (size !== wanted) throw new Error(`${contestant.name} left ${size} of ${wanted} bytes of ${name}`);
      }
      return run;
    },
  };
}

function tapprep(bench: Bench, id: string, urls: readonly string[]): Contestant {
  const repository = { id, distro: 'centos', versions: ['9'], kind: 'rpm-md', urls } as const;
  const mirrors = writeMirrorsFile(bench.directory, repository, bench.key);
  const places = ['--cache-dir', join(bench.directory, 'into-cache'), '--dest', join(bench.directory, 'into')];
  const argv = [
    'fetch',
    '--distro',
    'centos:9',
    '--kernel',
    KERNEL_RELEASE,
    // Nothing beside the kernel's packages: a SystemTap to carry along would be looked for on servers that are not there.
    '--systemtap',
    'distro',
    '--mirrors',
    mirrors,
    ...places,
    '--quiet',
  ];
  return {
    name: 'tapprep',
    prepare: emptied(bench, 'into', 'into-cache'),
    run: () => runTapprep(argv, bench.directory),
  };
}

function curl(bench: Bench, names: readonly string[], [url = '']: readonly string[]): Contestant {
  const into = join(bench.directory, 'into');
  const list = join(bench.directory, 'curl-list');
  writeFileSync(list, names.map((name) => `url = "${url}Packages/${name}"\nremote-name\n`).join(''));
  return {
    name: 'curl --parallel, then sha256sum',
    prepare: emptied(bench, 'into'),
    run: () =>
      measure(['sh', '-c', `curl --silent --fail --parallel --config '${list}' && sha256sum *.rpm`], { cwd: into }),
  };
}

/** The digests are computed once, by the same tool as everywhere. */
function aria2(
  bench: Bench,
  names: readonly string[],
  urls: readonly string[],
  tuning: readonly string[] = [],
): Contestant {
  const into = join(bench.directory, 'into');
  const list = join(bench.directory, `aria2-list-${urls.length}`);
  const lines = names.map((name) => {
    const path = join(bench.directory, 'big/Packages', name);
    const [digest = ''] = measure(['sha256sum', path]).stdout.split(' ');
    return `${urls.map((url) => `${url}Packages/${name}`).join('\t')}\n  checksum=sha-256=${digest}\n`;
  });
  writeFileSync(list, lines.join(''));
  return {
    name: ['aria2c --checksum', ...tuning].join(' '),
    prepare: emptied(bench, 'into'),
    run: () => measure(['aria2c', '--quiet', '--no-conf', `--input-file=${list}`, `--dir=${into}`, ...tuning]),
  };
}

function dnf(bench: Bench, names: readonly string[], [url = '']: readonly string[]): Contestant {
  const cache = join(bench.directory, 'into-cache');
  const options = {
    reposdir: join(bench.directory, 'none'),
    cachedir: cache,
    persistdir: join(cache, 'persist'),
  };
  const settings = Object.entries(options).map(([name, value]) => `--setopt=${name}=${value}`);
  const repository = [`--repofrompath=bench,${url}`, '--repo=bench', '--releasever=9', '--forcearch=x86_64'];
  const { argv, env } = unpackDnfPlugins(bench.directory);
  const wanted = names.map((name) => name.replace(/\.rpm$/, ''));
  return {
    name: 'dnf download',
    prepare: emptied(bench, 'into', 'into-cache'),
    run: () =>
      measure(
        [
          ...argv,
          '--quiet',
          ...settings,
          ...repository,
          'download',
          `--destdir=${join(bench.directory, 'into')}`,
          ...wanted,
        ],
        {
          env: { HOME: bench.directory, ...env },
        },
      ),
  };
}
