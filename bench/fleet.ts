/** Planning many machines: 5,000 with sixty kernels, against sixty machines with the same kernels, and the curve between. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declareFacts } from '../src/detect/declared-facts.ts';
import { DebLab } from '../test/helpers/deb-lab.ts';
import { makeReleases, writeKernelArchive } from '../test/helpers/kernel-archive.ts';
import { type Bench, type CaseReport, runTapprep } from './bench.ts';
import { compare } from './compare.ts';
import { median } from './measure.ts';

const KERNELS = 60;
const MOST_HOSTS = 5000;
const CURVE = [60, 500, 1000, 2000, 3500, MOST_HOSTS];
const CURVE_RUNS = 3;

export function benchFleet({ directory, server, gpg, key, pairs }: Bench): Promise<CaseReport> {
  const releases = makeReleases(KERNELS);
  const lab = new DebLab(gpg);
  cpSync(writeKernelArchive(lab, key, releases), join(directory, 'fleet'), { recursive: true });
  lab.close();
  const home = join(directory, 'fleet-home');
  mkdirSync(home);
  // Each machine has the archive of the bench as its own source.
  const text = `deb [signed-by=${key.keyring}] ${server.url}fleet bullseye main\n`;
  for (const release of releases) {
    const facts = declareFacts({ distro: 'debian:11', release, arch: 'x86_64', unameV: null });
    const own = { ...facts, source: 'host', repositories: [{ path: '/etc/apt/sources.list', text }] };
    writeFileSync(join(home, `${release}.json`), JSON.stringify(own));
  }
  for (const hosts of CURVE) {
    const lines = Array.from({ length: hosts }, (_, at) =>
      JSON.stringify({ id: `host${at}`, facts: `${releases[at % KERNELS]}.json` }),
    );
    writeFileSync(inventoryOf(home, hosts), `${lines.join('\n')}\n`);
  }
  const plan = (hosts: number) => runTapprep(['plan', '--inventory', inventoryOf(home, hosts), '--json'], home);
  const rows = compare(
    `plan ${MOST_HOSTS.toLocaleString('en-US')} machines`,
    { name: 'tapprep', run: () => plan(MOST_HOSTS) },
    [{ name: `tapprep, ${KERNELS} machines`, run: () => plan(KERNELS), wanted: { time: 1.5 } }],
    pairs,
  );
  const curve = CURVE.map((hosts) => ({ hosts, runs: Array.from({ length: CURVE_RUNS }, () => plan(hosts)) }));
  return Promise.resolve({
    title: 'Fleet',
    text: `\`plan --inventory\` with ${KERNELS} distinct kernels, whose packages lie in one archive. The curve is the median of ${CURVE_RUNS} runs.`,
    rows,
    plots: {
      'fleet-time': {
        title: `plan --inventory, ${KERNELS} kernels: wall time`,
        x: 'machines',
        y: 's',
        series: [
          {
            name: 'tapprep',
            points: curve.map(({ hosts, runs }) => [hosts, median(runs.map(({ seconds }) => seconds))] as const),
          },
        ],
      },
    },
  });
}

function inventoryOf(home: string, hosts: number): string {
  return join(home, `inventory-${hosts}`);
}
