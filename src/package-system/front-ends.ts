/**
 * The programs that bring packages out of the target's own repositories: how each is asked what it would do with some
 * files, which options make it do so, and how to read its answer. Pure.
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

/**
 * How a front end brings what only it can ask for, into a directory of its own on the target: the index of one repository,
 * and packages of it by their exact names.
 */
export interface FrontEndFetch {
  /** The index comes to lie in a directory below DIRECTORY/cache of which `indexPattern` tells the name. */
  buildIndexArgv(repository: string, directory: string): readonly string[];
  /** The path of `repodata` below DIRECTORY/cache, as find -path takes it, for this repository and no other. */
  indexPattern(repository: string): string;
  /** The packages come to lie anywhere below DIRECTORY/packages. */
  buildDownloadArgv(repository: string, directory: string, packages: readonly PackageChange[]): readonly string[];
}

export interface FrontEndRecord {
  /** null: it has no way that leaves the system as it is. */
  readonly fetch: FrontEndFetch | null;
  /**
   * Asks the repositories for their indexes: it works only when they answer.
   * @param directory where what comes, and its log, lie instead of where the front end keeps them; null: there
   */
  buildRefreshArgv(directory: string | null): readonly string[];
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

/** A name as find -path and the shell's patterns take it. */
function quotePattern(name: string): string {
  return name.replaceAll(/[[\]*?\\]/g, '\\$&');
}

/** dnf with what it keeps, and its log, in a directory of its own. */
function keepApart(directory: string): readonly string[] {
  return [`--setopt=cachedir=${directory}/cache`, `--setopt=logdir=${directory}`];
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
  const only = (repository: string, directory: string): readonly string[] => [
    program,
    '--quiet',
    '--assumeyes',
    ...keepApart(directory),
    '--disablerepo=*',
    `--enablerepo=${repository}`,
  ];
  return {
    fetch: {
      buildIndexArgv: (repository, directory) => [...only(repository, directory), 'makecache'],
      // rhui-appstream-0b42d0e9ba900c50: half of a digest of where it lies
      indexPattern: (repository) => `${quotePattern(repository)}-${'[0-9a-f]'.repeat(16)}/repodata`,
      buildDownloadArgv: (repository, directory, packages) => [
        ...only(repository, directory),
        '--setopt=metadata_expire=never',
        'download',
        `--destdir=${directory}/packages`,
        ...packages.map(({ name, version, arch }) => `${name}-${version}.${arch}`),
      ],
    },
    buildRefreshArgv: (directory) => [
      program,
      '--quiet',
      ...(directory === null ? [] : keepApart(directory)),
      'makecache',
    ],
    buildInstallArgv: (request) => build('--assumeyes', request),
    buildPreview: (request) => ({ argv: build('--assumeno', request) }),
    readPreview: readTransactionTable,
  };
}

/** zypper with what it keeps, and its log, in a directory of its own. */
function zypperApart(directory: string): readonly string[] {
  const cache = `${directory}/cache`;
  return [
    'env',
    `ZYPP_LOGFILE=${directory}/zypper.log`,
    'zypper',
    '--non-interactive',
    '--quiet',
    '--cache-dir',
    cache,
  ];
}

export const FRONT_ENDS: Readonly<Record<FrontEnd, FrontEndRecord>> = {
  dnf: dnf('dnf'),
  dnf5: dnf('dnf5'),
  yum: {
    // yumdownloader is a program of its own, and yum keeps indexes as databases that nobody signed.
    fetch: null,
    buildRefreshArgv: (directory) => [
      'yum',
      '--quiet',
      ...(directory === null ? [] : [`--setopt=cachedir=${directory}/cache`, `--setopt=logfile=${directory}/yum.log`]),
      'makecache',
    ],
    buildInstallArgv: ({ files, sideBySide }) => ['yum', '--assumeyes', ...keepOthers(sideBySide), 'install', ...files],
    // --assumeno is younger than EL6; its shell lists what was solved, and runs nothing that it is not told to run.
    buildPreview: ({ files, sideBySide }) => ({
      argv: ['yum', ...keepOthers(sideBySide), 'shell'],
      input: `install ${files.join(' ')}\ntransaction solve\ntransaction list\nquit\n`,
    }),
    readPreview: readTransactionTable,
  },
  zypper: {
    fetch: {
      buildIndexArgv: (repository, directory) => [...zypperApart(directory), 'refresh', repository],
      indexPattern: (repository) => `raw/${quotePattern(repository)}/repodata`,
      buildDownloadArgv: (repository, directory, packages) => [
        ...zypperApart(directory),
        '--no-refresh',
        '--pkg-cache-dir',
        `${directory}/packages`,
        'download',
        ...packages.map(({ name, version, arch }) => `${repository}:${name}.${arch}=${version}`),
      ],
    },
    buildRefreshArgv: (directory) => [
      ...(directory === null ? ['zypper', '--non-interactive', '--quiet'] : zypperApart(directory)),
      'refresh',
    ],
    buildInstallArgv: ({ files }) => ['zypper', '--non-interactive', 'install', '--no-recommends', ...files],
    buildPreview: ({ files }) => ({
      argv: ['zypper', '--non-interactive', '--xmlout', 'install', '--no-recommends', '--dry-run', ...files],
    }),
    readPreview: readInstallSummary,
  },
};
