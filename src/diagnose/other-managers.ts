/** Package managers that tapprep brings no packages for, and what each is asked for the build tree of a kernel. Pure. */
import { run, runAsRoot } from '../make-remedy.ts';
import type { Remedy } from '../types.ts';
import { pacmanHeaders } from './kernel-packages.ts';
import type { LogLine } from './log-line.ts';

export type OtherManager = 'apk' | 'pacman' | 'xbps' | 'nix';

interface Row {
  /** What it prints, how it is called, or the banner of a kernel that comes with it. */
  readonly sign: RegExp;
  /** Of its own kernels: any other is that of a container's host. */
  readonly isOwn: (release: string) => boolean;
  /** What brings the build tree, or finds its name. */
  readonly ask: (release: string | null) => Remedy;
}

const ALPINE = /^\d+\.\d+\.\d+-\d+-(lts|virt|edge|rpi\d?|vanilla|stable|hardened)$/;
const VOID = /^(\d+\.\d+)\.\d+_\d+$/;

const ROWS: Readonly<Record<OtherManager, Row>> = {
  apk: {
    sign: /(?:^|[#$] |\b(?:Run|RUN|sudo) )apk (?:-\S{1,20} )?(?:add|update|upgrade|search)\b|\/APKINDEX\.|\(no such package\):|#\d{1,4}-Alpine\b/,
    isOwn: (release) => ALPINE.test(release),
    ask: (release) => {
      const flavour = ALPINE.exec(release ?? '')?.[1];
      return flavour === undefined ? run("apk search 'linux-*-dev'") : runAsRoot(`apk add linux-${flavour}-dev`);
    },
  },
  pacman: {
    sign: /(?:^|[#$] |\bsudo )pacman -[A-Z]|\berror: target not found: /,
    isOwn: (release) => pacmanHeaders(release, true) !== null,
    ask: (release) => {
      const headers = pacmanHeaders(release, true);
      return headers === null ? run('pacman -Ss linux headers') : runAsRoot(`pacman -S ${headers}`);
    },
  },
  xbps: {
    sign: /(?:^|[#$] |\bsudo )xbps-(?:install|query)\b|not found in repository pool/,
    isOwn: (release) => VOID.test(release),
    ask: (release) => {
      const series = VOID.exec(release ?? '')?.[1];
      return run(`xbps-query -Rs ${series === undefined ? 'headers' : `linux${series}-headers`}`);
    },
  },
  nix: {
    sign: /#\d{1,4}-NixOS\b|\bnixos-rebuild\b/,
    isOwn: (release) => /^\d+\.\d+(?:\.\d+)?$/.test(release),
    // The kernel of the system's own configuration, with its build tree.
    ask: () => run("nix-build '<nixpkgs/nixos>' -A config.boot.kernelPackages.kernel.dev"),
  },
};
const MANAGERS = Object.keys(ROWS) as readonly OtherManager[];

/** The first whose words are in the log. */
export function findOtherManager(lines: readonly LogLine[]): OtherManager | null {
  return MANAGERS.find((name) => lines.some((line) => ROWS[name].sign.test(line.text))) ?? null;
}

/** Whether a kernel is one of those it installs; so is any that nobody named. */
export function hasKernel(manager: OtherManager, release: string | null): boolean {
  return release === null || ROWS[manager].isOwn(release);
}

/** What it is asked for the build tree of a kernel. */
export function askOtherManager(manager: OtherManager, release: string | null): Remedy {
  return ROWS[manager].ask(release);
}
