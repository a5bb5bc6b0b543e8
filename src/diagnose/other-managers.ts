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
  /** What brings the build tree; null where the release does not tell its package. */
  readonly install: (release: string | null) => Remedy | null;
  /** What finds its package. */
  readonly search: Remedy;
}

const ALPINE = /^\d+\.\d+\.\d+-\d+-(lts|virt|edge|rpi\d?|vanilla|stable|hardened)$/;
/** The build tree of the kernel in the system's own configuration. */
const BUILD_BY_NIX = run("nix-build '<nixpkgs/nixos>' -A config.boot.kernelPackages.kernel.dev");
const VOID = /^(\d+\.\d+)\.\d+_\d+$/;

const ROWS: Readonly<Record<OtherManager, Row>> = {
  apk: {
    sign: /(?:^|[#$] |\b(?:Run|RUN|sudo) )apk (?:-\S{1,20} )?(?:add|update|upgrade|search)\b|\/APKINDEX\.|\(no such package\):|#\d{1,4}-Alpine\b/,
    isOwn: (release) => ALPINE.test(release),
    install: (release) => {
      const flavour = ALPINE.exec(release ?? '')?.[1];
      return flavour === undefined ? null : runAsRoot(`apk add linux-${flavour}-dev`);
    },
    search: run("apk search 'linux-*-dev'"),
  },
  pacman: {
    sign: /(?:^|[#$] |\bsudo )pacman -[A-Z]|\berror: target not found: /,
    isOwn: (release) => pacmanHeaders(release, true) !== null,
    install: (release) => {
      const headers = pacmanHeaders(release, true);
      return headers === null ? null : runAsRoot(`pacman -S ${headers}`);
    },
    search: run('pacman -Ss linux headers'),
  },
  xbps: {
    sign: /(?:^|[#$] |\bsudo )xbps-(?:install|query)\b|not found in repository pool/,
    isOwn: (release) => VOID.test(release),
    install: (release) => {
      const series = VOID.exec(release ?? '')?.[1];
      return series === undefined ? null : runAsRoot(`xbps-install -S linux${series}-headers`);
    },
    search: run('xbps-query -Rs headers'),
  },
  nix: {
    sign: /#\d{1,4}-NixOS\b|\bnixos-rebuild\b/,
    isOwn: (release) => /^\d+\.\d+(?:\.\d+)?$/.test(release),
    install: () => BUILD_BY_NIX,
    search: BUILD_BY_NIX,
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

/** What brings the build tree of a kernel, or at least finds it. */
export function installByOther(manager: OtherManager, release: string | null): Remedy {
  return ROWS[manager].install(release) ?? searchByOther(manager);
}

/** What it has of build trees. */
export function searchByOther(manager: OtherManager): Remedy {
  return ROWS[manager].search;
}
