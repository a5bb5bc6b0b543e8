/** What differs between package systems: dpkg.ts and rpm.ts are a record each. Types only. */
import type { Remedy, RepositoryKind, Role, ShellText, Target } from '../types.ts';

/** The program that keeps the package database of a target. */
export type PackageManager = 'dpkg' | 'rpm';

/** A program that brings packages out of the target's own repositories. */
export type FrontEnd = 'dnf' | 'dnf5' | 'yum' | 'zypper';

/** A package by its exact name. */
export interface ExactPackage {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

/** Something that an installed package depends on. */
export interface Need {
  /** A package, or what packages provide, as the package manager names it. */
  readonly thing: string;
  /** The package that depends on it, as the package manager names it. */
  readonly by: string;
}

/** What a removal has to know beside its packages. */
export interface RemovalContext {
  /** Every package that the database knows: where it knows a name twice, only its architecture tells which is meant. */
  readonly known: readonly ExactPackage[];
  /** Those whose configuration was there before they came: it stays. */
  readonly configured: readonly ExactPackage[];
}

export interface PackageSystem {
  readonly family: Target['family'];
  readonly manager: PackageManager;
  /** Of its package files. */
  readonly extension: '.deb' | '.rpm';
  /** How its repositories tell what they have, as --mirror names it. */
  readonly mirrorKind: RepositoryKind;
  /** Whether its packages are found in repositories of this kind. */
  reads(kind: RepositoryKind): boolean;
  /** Those that are worth asking beside the package manager itself, the preferred first. */
  readonly frontEnds: readonly FrontEnd[];
  /** Lists every package that the database knows: `WANT EFLAG STATUS<TAB>name<TAB>version<TAB>arch` a line, in dpkg's words. */
  readonly listArgv: readonly string[];
  /** Whether tapprep reads its database as a file, where the system does not run: the manager writes beside what it reads. */
  readonly isReadAsFile: boolean;
  /** Whether a database that lists nothing was not read: a running system has at least the packages that it runs by. */
  readonly isNeverEmpty: boolean;
  /** Finishes what a killed run left; null where nothing can be left half-way. */
  readonly resumeArgv: readonly string[] | null;
  /** Where it unpacks a package's own files under its lock, and takes away what lies there before the next; else null. */
  readonly unpackingPath: string | null;
  /** The same install, tried without any change; it fails where that would. */
  buildTestArgv(installArgv: readonly string[]): readonly string[];
  buildRemoveArgv(packages: readonly ExactPackage[], context: RemovalContext): readonly string[];
  /** Takes away what is left of them after that, where not all of it stays; null: that command does so itself. */
  buildPurgeArgv(packages: readonly ExactPackage[], context: RemovalContext): readonly string[] | null;
  /** The same removal, tried without any change; it fails where something else needs one of the packages. */
  buildRemovalTestArgv(removeArgv: readonly string[]): readonly string[];
  /** What stands in the way of it, by the words of that test. */
  readNeeds(words: string): readonly Need[];
  /** Lists, as listArgv does, the installed packages that a Need is of. */
  buildHoldersArgv(thing: string): readonly string[];
  /** Removes what a run that failed or was killed left, also what it was cut off in. */
  buildUndoArgv(packages: readonly ExactPackage[], context: RemovalContext): readonly string[];
  /**
   * Makes a package that was cut off in the middle known as a whole, before it is taken away or installed properly. It
   * runs as few scripts as the package manager allows.
   */
  buildRegisterArgv(files: readonly string[]): readonly string[];
  /** Whether the database knows of a package that was cut off while it was unpacked. */
  readonly knowsCutOff: boolean;
  /** Lists the paths of package files, where a killed run leaves parts under names of the moment beside them; else null. */
  readonly buildPathsArgv: ((files: readonly string[]) => readonly string[]) | null;
  /** Tells what is wrong with installed packages. */
  readonly checkCommand: ShellText;
  /** For a database that cannot be read. */
  readonly repair: Remedy;
  /** Asks whose these paths are. */
  buildOwnersArgv(paths: readonly string[]): readonly string[];
  /** Those of them that are no package's, by the words of the answer. */
  readUnowned(words: string): readonly string[];
  /** Tells whose a path is. */
  ownerCommand(path: ShellText): ShellText;
  /** Whether it can install a package and run nothing of it. */
  readonly canLeaveScriptsOut: boolean;
  /** Whether several versions of a package of this role may be installed side by side. */
  keepsSideBySide(role: Role): boolean;
  /** Whether what is only installed comes beside another version of itself; else it takes its place. */
  readonly addsBeside: boolean;
  /** Whether another installed version of a package that something needs does as well. */
  isGoodEnough(there: string, wanted: string): boolean;
  /** All packages of SystemTap. */
  readonly systemtapPackages: readonly string[];
  /** Whether each major version of a compiler has a package that is named after it, gcc-13. */
  readonly hasCompilersByVersion: boolean;
  /** Where a kernel's debug package puts its symbol table. */
  symbolTableOf(release: ShellText): ShellText;
  /** Whether /boot/System.map-R is a stub where that debug package is not installed. */
  readonly hasStubTable: boolean;
  /** Tells who built the kernel's packages; null where all are of one builder. */
  readonly builderCommand: ShellText | null;
  /** A release that no distribution of the other system builds: under programs of this one it is a container's host's. */
  readonly foreignKernel: RegExp;
  /** The program that people type for it whatever else is there; null where that differs by distribution. */
  readonly usualFrontEnd: 'apt-get' | null;
  /** The word that names the exact package to a front end; null where only the index knows how. */
  wordFor(name: string, arch: string, version: string | null): string | null;
}
