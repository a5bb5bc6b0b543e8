/**
 * The programs that bring packages out of the target's own repositories: how each is asked what it would do with some
 * files, how it is told to do it, and how its answer is read. Pure.
 */
import type { ExactPackage, FrontEnd } from './package-system.ts';
import { readTransactionTable } from './transaction-table.ts';
import { readInstallSummary } from './zypper-summary.ts';

/** A package by name, architecture and [epoch:]version-release. */
export type PackageChange = ExactPackage;

/** What a front end says that it would do; every package that would no longer be there stands in `removes`. */
export interface FrontEndTransaction {
  readonly adds: readonly PackageChange[];
  /** The new versions of what is up- or downgraded or installed again. */
  readonly replaces: readonly PackageChange[];
  readonly removes: readonly PackageChange[];
}

/** What is to be installed. */
export interface FrontEndRequest {
  /** Absolute, on the target. */
  readonly files: readonly string[];
  /** Names of those packages of which other versions stay beside the new one. */
  readonly sideBySide: readonly string[];
}

export interface FrontEndRecord {
  /** Asks the repositories for their indexes: it works only when they answer. */
  readonly refreshArgv: readonly string[];
  buildInstallArgv(request: FrontEndRequest): readonly string[];
  /** Says what buildInstallArgv would do, and does nothing of it. */
  buildPreview(request: FrontEndRequest): { readonly argv: readonly string[]; readonly input?: string };
  /** null: the answer was an error, or is not understood. */
  readPreview(stdout: string): FrontEndTransaction | null;
}

/**
 * What both know by default (yum/config.py of 3.2 and 3.4; const.py of dnf 4): a list that is given takes the place of
 * yum's, and is added to dnf's.
 */
const INSTALL_ONLY = [
  'kernel',
  'kernel-PAE',
  'kernel-PAE-debug',
  'kernel-bigmem',
  'kernel-debug',
  'kernel-devel',
  'kernel-enterprise',
  'kernel-modules',
  'kernel-smp',
  'kernel-source',
  'kernel-unsupported',
  'installonlypkg(kernel)',
  'installonlypkg(kernel-module)',
  'installonlypkg(vm)',
  'multiversion(kernel)',
] as const;

/**
 * Other kernels' packages stay: with a limit the oldest go (yum.conf(5), dnf.conf(5): 0 is none), and what is not on the
 * list is up- or downgraded.
 */
function keepOthers(sideBySide: readonly string[]): readonly string[] {
  const names = [...new Set([...INSTALL_ONLY, ...sideBySide])];
  return ['--setopt=installonly_limit=0', `--setopt=installonlypkgs=${names.join(',')}`];
}

function dnf(program: 'dnf' | 'dnf5'): FrontEndRecord {
  const build = (answer: '--assumeyes' | '--assumeno', { files, sideBySide }: FrontEndRequest): readonly string[] => [
    program,
    answer,
    '--setopt=install_weak_deps=0',
    '--setopt=clean_requirements_on_remove=0',
    ...keepOthers(sideBySide),
    'install',
    ...files,
  ];
  return {
    refreshArgv: [program, '--quiet', 'makecache'],
    buildInstallArgv: (request) => build('--assumeyes', request),
    buildPreview: (request) => ({ argv: build('--assumeno', request) }),
    readPreview: readTransactionTable,
  };
}

export const FRONT_ENDS: Readonly<Record<FrontEnd, FrontEndRecord>> = {
  dnf: dnf('dnf'),
  dnf5: dnf('dnf5'),
  yum: {
    refreshArgv: ['yum', '--quiet', 'makecache'],
    buildInstallArgv: ({ files, sideBySide }) => ['yum', '--assumeyes', ...keepOthers(sideBySide), 'install', ...files],
    // --assumeno is younger than EL6; its shell lists what was solved, and runs nothing that it is not told to run.
    buildPreview: ({ files, sideBySide }) => ({
      argv: ['yum', ...keepOthers(sideBySide), 'shell'],
      input: `install ${files.join(' ')}\ntransaction solve\ntransaction list\nquit\n`,
    }),
    readPreview: readTransactionTable,
  },
  zypper: {
    refreshArgv: ['zypper', '--non-interactive', '--quiet', 'refresh'],
    buildInstallArgv: ({ files }) => ['zypper', '--non-interactive', 'install', '--no-recommends', ...files],
    buildPreview: ({ files }) => ({
      argv: ['zypper', '--non-interactive', '--xmlout', 'install', '--no-recommends', '--dry-run', ...files],
    }),
    readPreview: readInstallSummary,
  },
};
