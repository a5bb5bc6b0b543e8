/** A root with the real dpkg in which a bundle is unpacked and its scripts are run by chroot, by any of several shells. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootOf } from '../../src/bundle/manifest.ts';
import { copyWithLibraries, makeDpkgRunRoot } from './dpkg-root.ts';
import { SAMPLE_TARGET } from './sample-bundle.ts';

export interface ShellResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Made once for a test file; a root is a copy of it. */
let template: string | null = null;

function makeTemplate(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bundle-template-'));
  makeDpkgRunRoot(directory, { url: 'http://127.0.0.1:9/', suite: 'bullseye', keyring: '/dev/null' });
  for (const path of ['/bin/dash', '/bin/bash']) copyWithLibraries(path, directory);
  copyFileSync('/bin/busybox', join(directory, 'bin/busybox'));
  symlinkSync('busybox', join(directory, 'bin/ash'));
  mkdirSync(join(directory, 'var/tmp'), { recursive: true });
  const tree = join(directory, 'lib/modules', SAMPLE_TARGET.release, 'build');
  mkdirSync(tree, { recursive: true });
  for (const name of ['Makefile', '.config', 'Module.symvers']) writeFileSync(join(tree, name), '');
  return directory;
}

/** Takes the template away when the tests of a file are done. */
export function removeTemplate(): void {
  if (template !== null) rmSync(template, { recursive: true, force: true });
  template = null;
}

export class BundleRoot {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'bundle-root-'));
  /** Where the bundle was unpacked, in the root. */
  readonly place: string;

  /** @param folder directory for the bundle, in the root; any name */
  constructor(folder = 'carried') {
    template ??= makeTemplate();
    execFileSync('cp', ['-a', `${template}/.`, this.directory]);
    this.place = `/${folder}/${rootOf({ kind: 'packages', target: SAMPLE_TARGET })}`;
    mkdirSync(join(this.directory, folder));
  }

  /** Unpacks a bundle there. */
  unpack(tar: string): void {
    execFileSync('tar', ['-C', join(this.directory, this.place, '..'), '-xf', tar]);
  }

  /** Starts a script of the bundle by a shell of the root: its argv, e.g. ["bash", "--posix"]. */
  start(
    shell: readonly string[],
    script: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { readonly child: ChildProcess; readonly done: Promise<ShellResult> } {
    const argv = [this.directory, ...shell, `${this.place}/${script}`, ...args];
    // A group of its own, so that a test can end all of it.
    const child = spawn('chroot', argv, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env }, detached: true });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.end();
    const done = new Promise<ShellResult>((resolve) => {
      child.on('close', (code) =>
        resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
      );
    });
    return { child, done };
  }

  run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ShellResult> {
    return this.start(['dash'], script, args, env).done;
  }

  packages(): string {
    const format = '--showformat=${Package} ${Version} ${Status}\n';
    return execFileSync('dpkg-query', [`--root=${this.directory}`, '--show', format], { encoding: 'utf8' });
  }

  /** A file's text; null where it is not there. */
  read(path: string): string | null {
    const file = join(this.directory, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
