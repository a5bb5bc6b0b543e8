/** Good input of each kind, made by the tools that make the real one where it is binary. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DebLab } from '../helpers/deb-lab.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { kernelBuild, openRpmLab } from '../helpers/rpm-lab.ts';

export interface GoodInput {
  readonly repomd: Buffer;
  /** Unpacked. */
  readonly primary: Buffer;
  readonly rpm: Buffer;
  readonly deb: Buffer;
  readonly packages: Buffer;
  readonly inRelease: Buffer;
  readonly elf: Buffer;
  readonly tar: Buffer;
}

/** Makes all of it with rpmbuild, createrepo_c, dpkg-deb, gpg and tar. */
export function makeGoodInput(): GoodInput {
  const gpg = new GpgHome();
  const rpms = openRpmLab();
  const debs = new DebLab(gpg);
  const work = mkdtempSync(join(tmpdir(), 'fuzz-'));
  try {
    const key = gpg.makeKey('fuzz', 'rsa2048');
    const built = rpms.build(kernelBuild('5.14.0', '503.11.1.el9_5'));
    const rpm = built['kernel-devel'] ?? '';
    rpms.sign(rpm, gpg, key);
    const repository = rpms.makeRepository('fuzz', Object.values(built));
    const repodata = join(repository, 'repodata');
    const primary = readdirSync(repodata).find((name) => name.includes('primary.xml')) ?? '';
    const deb = debs.build('linux-kbuild-5.10', '5.10.299-1', {
      Depends: 'libc6 (>= 2.14) | libc7',
      Provides: 'kbuild (= 1)',
    });
    const archive = debs.writeArchive('archive', { suite: 'bullseye', packages: [deb], packings: ['', '.gz'], key });
    const dists = join(archive, 'dists/bullseye');
    writeFileSync(join(work, 'file'), 'x'.repeat(3_000));
    execFileSync('tar', ['-C', work, '--format=ustar', '-cf', join(work, 'x.tar'), 'file']);
    const binary = readFileSync('/bin/true');
    return {
      repomd: readFileSync(join(repodata, 'repomd.xml')),
      primary: unpack(join(repodata, primary)),
      rpm: readFileSync(rpm),
      deb: readFileSync(deb),
      packages: readFileSync(join(dists, 'main/binary-amd64/Packages')),
      inRelease: readFileSync(join(dists, 'InRelease')),
      elf: binary,
      tar: readFileSync(join(work, 'x.tar')),
    };
  } finally {
    for (const each of [rpms, debs, gpg]) each.close();
    rmSync(work, { recursive: true });
  }
}

function unpack(path: string): Buffer {
  const tool = path.endsWith('.zst') ? 'zstd' : path.endsWith('.xz') ? 'xz' : 'gzip';
  return execFileSync(tool, ['-dc', path]);
}
