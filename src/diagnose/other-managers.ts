/** Package managers that tapprep brings no packages for, and what each is asked for the build tree of a kernel. Pure. */
import { run, runAsRoot } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import type { Remedy } from '../types.ts';
import { pacmanHeaders } from './kernel-packages.ts';
import type { LogLine } from './log-line.ts';

export type OtherManager = 'apk' | 'pacman' | 'xbps' | 'nix' | 'slackpkg' | 'urpmi' | 'eopkg';

interface Row {
  /** What it prints, how it is called, or the banner of a kernel that comes with it. */
  readonly sign: RegExp;
  /** Of its own kernels: any other is that of a container's host. */
  readonly isOwn: (release: string) => boolean;
  /** What brings the build tree; null where the release does not tell its package. */
  readonly install: (release: string | null) => Remedy | null;
  /** What finds its package. */
  readonly search: Remedy;
  /** What brings or finds another SystemTap. */
  readonly systemtap: Remedy;
}

const ALPINE = /^\d+\.\d+\.\d+-\d+-(lts|virt|edge|rpi\d?|vanilla|stable|hardened)$/;
/** The build tree of the kernel in the system's own configuration. */
const BUILD_BY_NIX = run("nix-build '<nixpkgs/nixos>' -A config.boot.kernelPackages.kernel.dev");
/** The flavour stands between version and build, and in the names of packages before both. */
const MANDRIVA = /^(\d[\d.]*)-([a-zA-Z][a-zA-Z-]*)-(\d\w*(?:omv|mdv)\w*)$/;
/** Solus has two lines of kernels, each with its word behind the package's own number. */
const SOLUS = /^\d+\.\d+\.\d+-\d+\.(current|lts)$/;
const VOID = /^(\d+\.\d+)\.\d+_\d+$/;

const ROWS: Readonly<Record<OtherManager, Row>> = {
  apk: {
    sign: /(?:^|[#$] |\b(?:Run|RUN|sudo) )apk (?:-\S{1,20} )?(?:add|update|upgrade|search)\b|\/APKINDEX\.|\(no such package\):|#\d{1,4}-Alpine\b/,
    isOwn: (release) => ALPINE.test(release),
    install: (release) => {
      const flavour = ALPINE.exec(release ?? '')?.[1];
      return flavour === undefined ? null : runAsRoot(shellLine`apk add ${`linux-${flavour}-dev`}`);
    },
    search: run("apk search 'linux-*-dev'"),
    systemtap: run('apk search systemtap'),
  },
  pacman: {
    sign: /(?:^|[#$] |\bsudo )pacman -[A-Z]|\berror: target not found: /,
    isOwn: (release) => pacmanHeaders(release, true) !== null,
    install: (release) => {
      const headers = pacmanHeaders(release, true);
      return headers === null ? null : runAsRoot(shellLine`pacman -S ${headers}`);
    },
    search: run('pacman -Ss linux headers'),
    systemtap: run('pacman -Ss systemtap'),
  },
  xbps: {
    sign: /(?:^|[#$] |\bsudo )xbps-(?:install|query)\b|not found in repository pool/,
    isOwn: (release) => VOID.test(release),
    install: (release) => {
      const series = VOID.exec(release ?? '')?.[1];
      return series === undefined ? null : runAsRoot(shellLine`xbps-install -S ${`linux${series}-headers`}`);
    },
    search: run('xbps-query -Rs headers'),
    systemtap: run('xbps-query -Rs systemtap'),
  },
  nix: {
    sign: /#\d{1,4}-NixOS\b|\bnixos-rebuild\b/,
    isOwn: (release) => /^\d+\.\d+(?:\.\d+)?$/.test(release),
    install: () => BUILD_BY_NIX,
    search: BUILD_BY_NIX,
    systemtap: run(
      "nix-build -I nixpkgs=channel:nixos-unstable '<nixpkgs/nixos>' -A config.boot.kernelPackages.systemtap",
    ),
  },
  slackpkg: {
    sign: /\/etc\/slackware-version\b|\bSlackware \d|(?:^|[#$] |\bsudo )slackpkg /,
    isOwn: (release) => /^\d+\.\d+\.\d+(?:-smp)?$/.test(release),
    install: () => runAsRoot('slackpkg install kernel-source'),
    search: run('slackpkg search kernel-source'),
    systemtap: run('slackpkg search systemtap'),
  },
  urpmi: {
    sign: /(?:^|[#$;] ?|\bsudo )urpm[iqf] /,
    isOwn: (release) => MANDRIVA.test(release),
    install: (release) => {
      const [, version, flavour, build] = MANDRIVA.exec(release ?? '') ?? [];
      return version === undefined
        ? null
        : runAsRoot(shellLine`urpmi ${`kernel-${flavour ?? ''}-devel-${version}-${build ?? ''}`}`);
    },
    search: run('urpmq --fuzzy kernel devel'),
    systemtap: run('urpmq --fuzzy systemtap'),
  },
  eopkg: {
    sign: /(?:^|[#$] |\bsudo )eopkg |\bSolus\b/,
    isOwn: (release) => SOLUS.test(release),
    install: (release) => {
      const line = SOLUS.exec(release ?? '')?.[1];
      return line === undefined ? null : runAsRoot(shellLine`eopkg install ${`linux-${line}-headers`}`);
    },
    search: run('eopkg search linux headers'),
    systemtap: run('eopkg search systemtap'),
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

/** What it has of SystemTap, where the one that is there does not fit. */
export function systemtapByOther(manager: OtherManager): Remedy {
  return ROWS[manager].systemtap;
}
