/** How long `plan --inventory` takes for 5,000 machines with 60 kernels, against 60 machines with the same kernels. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declareFacts } from '../src/detect/declared-facts.ts';
import { Cli } from '../test/helpers/cli.ts';
import { DebLab } from '../test/helpers/deb-lab.ts';
import { serveDirectory } from '../test/helpers/directory-server.ts';
import { GpgHome } from '../test/helpers/gpg.ts';
import { makeReleases, writeKernelArchive } from '../test/helpers/kernel-archive.ts';

const PAIRS = Number(process.argv[2] ?? 5);
const lab = new DebLab(new GpgHome());
const cli = new Cli();
const key = lab.gpg.makeKey('archive', 'rsa2048');
const releases = makeReleases(60);
const server = await serveDirectory(writeKernelArchive(lab, key, releases));

/** Machines that only name what they are share the mirror list; these here share the archive of the bench. */
function writeInventory(hosts: number): string {
  const text = `deb [signed-by=${key.keyring}] ${server.url} bullseye main\n`;
  for (const release of releases) {
    const facts = declareFacts({ distro: 'debian:11', release, arch: 'x86_64', unameV: null });
    const own = { ...facts, source: 'host', repositories: [{ path: '/etc/apt/sources.list', text }] };
    writeFileSync(join(cli.home, `${release}.json`), JSON.stringify(own));
  }
  const path = join(cli.home, `inventory-${hosts}`);
  const lines = Array.from({ length: hosts }, (_, at) =>
    JSON.stringify({ id: `host${at}`, facts: `${releases[at % 60]}.json` }),
  );
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function measure(inventory: string): Promise<number> {
  const started = performance.now();
  const result = await cli.run(['plan', '--inventory', inventory, '--json']);
  if (result.code !== 0) throw new Error(`${result.code}: ${result.stderr.slice(0, 2000)}`);
  return (performance.now() - started) / 1000;
}

const [few, many] = [writeInventory(60), writeInventory(5000)];
const ratios: number[] = [];
await measure(few);
for (let pair = 0; pair < PAIRS; pair += 1) {
  const [a, b] = [await measure(few), await measure(many)];
  ratios.push(b / a);
  console.log(`60 hosts ${a.toFixed(2)} s, 5,000 hosts ${b.toFixed(2)} s, ratio ${(b / a).toFixed(2)}`);
}
const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN;
console.log(
  `median ratio ${median.toFixed(2)} (at most 1.5), load ${execFileSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).trim()}`,
);
await server.close();
lab.close();
cli.close();
