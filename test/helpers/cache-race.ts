/** A root run that fetches and installs, while another user does what he can to the directory that its cache lies in. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isTapprepError } from '../../src/errors.ts';
import { hashFile } from '../../src/files/hash-file.ts';
import { createFetcher } from '../../src/fetch/fetcher.ts';
import { createRootHost } from '../../src/host/root.ts';
import { installArtifacts } from '../../src/install/run.ts';
import { verifyArtifact } from '../../src/trust/artifact.ts';
import type { PlanItem } from '../../src/types.ts';
import { DebLab } from './deb-lab.ts';
import { makeDpkgRunRoot } from './dpkg-root.ts';
import { GpgHome } from './gpg.ts';
import { runLocally } from './run.ts';

const NOBODY = 65534;
const PAYLOAD = 'usr/share/race/payload';
const SIGNED = 'what was signed\n';
const FORGED = 'what somebody else brought\n';

/** Renames, links and replaces whatever it finds in a directory, until it is killed. Says "ready" once it has begun. */
const OTHER_USER = `
const fs = require('fs'), path = require('path');
const [base, evil, place] = process.argv.slice(1);
const attempt = (work) => { try { work(); } catch {} };
for (let turn = 0; ; turn += 1) {
  if (turn === 1) fs.writeSync(1, 'ready\\n');
  attempt(() => {
    for (const name of fs.readdirSync(base)) {
      const cache = path.join(base, name), target = path.join(cache, place);
      attempt(() => fs.linkSync(evil, target + '.link'));
      attempt(() => fs.renameSync(target + '.link', target));
      attempt(() => fs.copyFileSync(evil, target));
      attempt(() => fs.renameSync(cache, path.join(base, 'away-' + turn)));
      attempt(() => turn % 2 ? fs.symlinkSync(path.join(base, 'away-' + turn), cache) : fs.mkdirSync(path.dirname(target), { recursive: true }));
      attempt(() => fs.copyFileSync(evil, target));
    }
  });
  const next = path.join(base, 'taken-' + turn % 8, place);
  attempt(() => { fs.mkdirSync(path.dirname(next), { recursive: true }); fs.copyFileSync(evil, next); });
}`;

export interface RaceCount {
  readonly installed: number;
  readonly refused: number;
  /** What went wrong, one sentence each. */
  readonly lost: readonly string[];
}

/**
 * Runs so many rounds, each in one of three ways: below a directory for everybody with the sticky bit; below one without;
 * and where the other user made the cache first.
 */
export async function raceForCache(rounds: number): Promise<RaceCount> {
  const gpg = new GpgHome();
  const debs = new DebLab(gpg);
  const base = mkdtempSync(join(tmpdir(), 'tapprep-race-'));
  try {
    const { item, evil } = await buildPackages(debs, base);
    const root = join(debs.directory, 'root');
    const keyring = join(debs.directory, 'keyring');
    writeFileSync(keyring, '');
    makeDpkgRunRoot(root, { url: 'http://127.0.0.1:9/', suite: 'race', keyring });
    const shared = join(base, 'shared');
    mkdirSync(shared);
    chmodSync(base, 0o755);
    chmodSync(shared, 0o1777);
    const hex = item.trust.digest?.hex ?? '';
    const words = ['-e', OTHER_USER, shared, evil, `sha256/${hex.slice(0, 2)}/${hex}`];
    const other = spawn(process.execPath, words, { uid: NOBODY, gid: NOBODY, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(other, 'exit');
    try {
      await once(other.stdout, 'data');
      const lost: string[] = [];
      let [installed, refused] = [0, 0];
      for (let round = 0; round < rounds; round += 1) {
        const way = round % 3;
        chmodSync(shared, way === 1 ? 0o777 : 0o1777);
        const name = way === 2 ? `taken-${round % 8}` : `cache-${round}`;
        const code = await installFrom(join(shared, name), item, root);
        const found = readPayload(root);
        if (code === null) installed += 1;
        else refused += 1;
        if (found !== (code === null ? SIGNED : null))
          lost.push(`round ${round} (${code ?? 'installed'}) left ${found}`);
        if (code === null) execFileSync('chroot', [root, 'dpkg', '--purge', 'race'], { stdio: 'ignore' });
      }
      return { installed, refused, lost };
    } finally {
      other.kill('SIGKILL');
      await ended;
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
    debs.close();
    gpg.close();
  }
}

async function buildPackages(debs: DebLab, base: string): Promise<{ readonly item: PlanItem; readonly evil: string }> {
  const genuine = debs.build('race', '1', {}, 'gzip', { [PAYLOAD]: SIGNED });
  const moved = join(debs.directory, 'race_1_amd64.deb');
  writeFileSync(moved, readFileSync(genuine));
  const evil = join(base, 'evil.deb');
  writeFileSync(evil, readFileSync(debs.build('race', '1', {}, 'gzip', { [PAYLOAD]: FORGED })), { mode: 0o644 });
  const { hex } = await hashFile(moved, ['sha256'], new AbortController().signal);
  const item = {
    kind: 'package',
    role: 'headers',
    name: 'race',
    version: '1',
    arch: 'amd64',
    fileName: 'race_1_amd64.deb',
    urls: [pathToFileURL(moved).href],
    sizeBytes: statSync(moved).size,
    install: true,
    replaces: null,
    trust: { kind: 'signed-index', index: 'the index', signer: null, digest: { algorithm: 'sha256', hex: hex.sha256 } },
  } as unknown as PlanItem;
  return { item, evil };
}

/** The code by which it was refused; null when it was installed. */
async function installFrom(cacheDir: string, item: PlanItem, root: string): Promise<string | null> {
  const { signal } = new AbortController();
  try {
    const fetcher = await createFetcher({
      cacheDir,
      offline: false,
      emit: () => undefined,
      now: Date.now,
      sleep: () => Promise.resolve(),
      random: Math.random,
      signal,
    });
    const { urls, fileName: name, sizeBytes, trust } = item;
    const maxBytes = sizeBytes ?? 0;
    const { path } = await fetcher.fetchFile({
      name,
      urls,
      sizeBytes,
      maxBytes,
      digest: trust.digest,
      redirects: 'any',
    });
    const artifact = await verifyArtifact(item, path, { run: runLocally, signal });
    await installArtifacts({
      host: createRootHost(root),
      artifacts: [artifact],
      method: 'dpkg',
      release: '6.1.0-1-amd64',
      allowUpgrade: false,
      tapprepVersion: '0.0.0',
      emit: () => undefined,
      now: Date.now,
      signal,
    });
    return null;
  } catch (error) {
    if (isTapprepError(error) && error.code !== 'INTERNAL') return error.code;
    throw error;
  }
}

function readPayload(root: string): string | null {
  const path = join(root, PAYLOAD);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
