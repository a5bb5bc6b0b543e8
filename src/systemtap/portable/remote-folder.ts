/** Puts a portable SystemTap on another machine: as one stream where it has tar, else file by file. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { isTapprepError, TapprepError } from '../../errors.ts';
import { refuseWhenStopped } from '../../interruption.ts';
import { findOtherDigest } from '../../host/digests.ts';
import type { RemoteHost } from '../../host/host.ts';
import { createLocalHost } from '../../host/local.ts';
import { explainWrite, script } from '../../host/scripts.ts';
import type { PortableSystemtap } from './kept.ts';
import { MANIFEST_NAME, parseManifest, type PortableManifest } from './manifest.ts';
import { findMount } from './noexec.ts';
import type { TargetFolder } from './target-folder.ts';

const UNPACK = 'umask 022; mkdir -p "$1" && cd "$1" && exec tar -xf -';
const MINUTE_MS = 60_000;

export function createRemoteFolder(host: RemoteHost): TargetFolder {
  return {
    holds: (path, manifest) => isPlaced(host, path, manifest),
    async fill(path, portable, signal) {
      const { directory, manifest } = portable;
      await host.putFile(join(directory, MANIFEST_NAME), posix.join(path, MANIFEST_NAME), 0o644);
      await ((await host.which('tar')) === null ? sendFiles : sendTar)(host, path, portable, signal);
      const other = await findOtherDigest(host, path, manifest.files);
      if (other === null) return;
      const wanted = manifest.files.find((file) => file.path === other.path)?.sha256 ?? '';
      throw new TapprepError(
        'DIGEST_MISMATCH',
        `${other.path} arrived on ${host.name} with sha256 ${other.actual} but the manifest says ${wanted}`,
        { hint: 'run the same command again', facts: { ...other, expected: wanted } },
      );
    },
    async findNoexecMount(path) {
      const mount = findMount((await host.readText('/proc/self/mountinfo')) ?? '', path);
      return mount?.options.includes('noexec') === true ? mount.point : null;
    },
  };
}

async function isPlaced(host: RemoteHost, path: string, wanted: PortableManifest): Promise<boolean> {
  const text = await host.readText(posix.join(path, MANIFEST_NAME));
  if (text === null) return false;
  try {
    if (parseManifest(text, path).key !== wanted.key) return false;
  } catch (error) {
    if (isTapprepError(error, 'BAD_PACKAGE')) return false;
    throw error;
  }
  return (await findOtherDigest(host, path, wanted.files)) === null;
}

type Send = (host: RemoteHost, path: string, portable: PortableSystemtap, signal: AbortSignal) => Promise<void>;

const sendTar: Send = async (host, path, { directory, manifest }, signal) => {
  const temporary = await mkdtemp(join(tmpdir(), 'tapprep-send-'));
  try {
    const archive = join(temporary, 'portable.tar');
    const names = manifest.files.map((file) => `${file.path}\0`).join('');
    const words = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', '--null', '--files-from=-'];
    const made = await createLocalHost().run(['tar', '-cf', archive, '-C', directory, ...words], {
      input: names,
      signal,
    });
    if (made.exitCode !== 0) throw explainWrite('this host', archive, made.stderr);
    const inputFile = { path: archive, offset: 0 };
    const sent = await host.run(script(UNPACK, [path]), { inputFile, signal, timeoutMs: 60 * MINUTE_MS });
    if (sent.exitCode !== 0) throw explainWrite(host.name, path, sent.stderr);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
};

const sendFiles: Send = async (host, path, { directory, manifest }, signal) => {
  for (const file of manifest.files) {
    refuseWhenStopped(signal, 'while a portable SystemTap was put in place');
    await host.writeFile(posix.join(path, file.path), await readFile(join(directory, file.path)), file.mode);
  }
};
