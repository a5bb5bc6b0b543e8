/**
 * The nouns of tapprep: what each stage takes and returns. Types only; imports nothing of ours.
 *
 *   Host --collectFacts--> HostFacts --identifyTarget--> Target --names--> PackageName[]
 *   Target + Repository[] --resolve--> Plan --fetch + trust--> Artifact[] --install--> InstallReport --verify--> VerifyReport
 *   any failure or report + facts --diagnose--> Diagnosis[]
 *
 * Everything is readonly and JSON-serialisable. `null` means "observed as absent"; `undefined` is only for input that may be left out.
 */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 64 lower-case hex digits. */
export type Sha256 = Branded<'Sha256'>;
/** OpenPGP v4 fingerprint: 40 upper-case hex digits (v3: 32). */
export type Fingerprint = Branded<'Fingerprint'>;
/** GNU build-id: lower-case hex, 16 to 64 digits, usually 40. */
export type BuildId = Branded<'BuildId'>;
/** What a shell may read as it stands: of text that is not written in the sources only shell-words.ts makes it, by quoting. */
export type ShellText = Branded<'ShellText'>;

/** A digest as an index states it; only sha256 and stronger are accepted for packages unless a mirror entry allows more. */
export interface Digest {
  readonly algorithm: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly hex: string;
}

// ---------------------------------------------------------------- options

/** The options that name the target, the same on every command that takes one (README, "Which machine"). */
export interface TargetOptions {
  readonly kernel: string | null;
  /** That of a lock or a bundle, for a system that does not run, where none or several are installed. */
  readonly elseKernel?: string;
  /** ID:VERSION as in os-release. */
  readonly distro: string | null;
  readonly arch: string | null;
  readonly unameV: string | null;
  readonly root: string | null;
  readonly host: string | null;
  readonly facts: string | null;
  /** A "Linux version …" line, or a file that has one. */
  readonly banner?: string | null;
  /** A build tree and a vmlinux on the target, instead of those of packages; relative paths on this machine only. */
  readonly buildTree?: string | null;
  readonly vmlinux?: string | null;
}

// ---------------------------------------------------------------- facts

/** One installed package that matters here (kernel, headers, debuginfo, SystemTap, compiler). */
export interface InstalledPackage {
  readonly name: string;
  /** deb: full version with epoch; rpm: [epoch:]version-release. */
  readonly version: string;
  readonly arch: string;
  /** rpm VENDOR; null on deb. */
  readonly vendor: string | null;
  /** Seconds since the epoch; null where the database does not keep it (deb). */
  readonly buildTime: number | null;
  readonly buildHost: string | null;
}

/** A place that packages, the cache or stap write to. Bytes. */
export interface Space {
  readonly path: string;
  readonly freeBytes: number;
  readonly freeInodes: number | null;
  readonly writable: boolean;
}

/** What was observed of the build tree of the kernel in question: the one that was named, else /lib/modules/R/build. */
export interface BuildTreeFacts {
  readonly link: string;
  /** readlink of the build link as written; null when it is no link. */
  readonly linksTo: string | null;
  readonly exists: boolean;
  readonly hasConfig: boolean;
  readonly hasModuleSymvers: boolean;
  readonly hasMakefile: boolean;
  /** UTS_RELEASE of include/generated/utsrelease.h or include/linux/utsrelease.h, else include/config/kernel.release. */
  readonly release: string | null;
  /** UTS_VERSION of include/generated/compile.h, utsversion.h or include/linux/compile.h */
  readonly utsVersion: string | null;
  /** LINUX_COMPILE_HOST of the same files. */
  readonly compileHost: string | null;
  readonly ownerPackage: string | null;
}

/** Where a vmlinux with debug information was looked for and found. */
export interface DebuginfoFacts {
  readonly path: string;
  readonly sizeBytes: number;
  /** null where the file has no build-id or no tool there could read it. */
  readonly buildId: BuildId | null;
  /** Has a .debug_info section; null where no tool there could tell. */
  readonly hasDwarf: boolean | null;
  readonly ownerPackage: string | null;
}

export interface SystemtapFacts {
  readonly path: string;
  /** As `stap -V` prints it: "4.8". */
  readonly version: string | null;
  /** "2.6.18 ... 6.1.0-rc3" of `stap -V`; null before 3.1. */
  readonly testedKernels: string | null;
  readonly package: string | null;
  readonly staprunPath: string | null;
  readonly staprunVersion: string | null;
  /** Octal mode, e.g. "4754". */
  readonly staprunMode: string | null;
  readonly tapsetCount: number | null;
  readonly examplesPath: string | null;
  readonly cachePaths: readonly string[];
  readonly temporaryPaths: readonly string[];
  /** /lib/modules/R/systemtap exists. */
  readonly moduleDirectory: boolean;
  /** What tapprep wrote down of hello world by it in this kernel: it ran, or was compiled alone; absent where nothing is recorded. */
  readonly hello?: 'pass' | 'skip';
}

/** What a kernel checks signatures by. */
export interface TrustedKeys {
  /** The kernel's own, with how many keys each holds: ".builtin_trusted_keys", ".platform" … */
  readonly keyrings: readonly { readonly name: string; readonly keys: number }[];
  readonly keys: readonly {
    /** OpenTarget of its certificate. */
    readonly name: string;
    /** OpenTarget key identifier, lower-case hex. */
    readonly id: string | null;
    /** null where it is not known which keyring it lies in. */
    readonly keyring: string | null;
  }[];
}

/**
 * What somebody named instead of packages (--build-tree, --vmlinux): absolute paths on the target. Without `vmlinux` the
 * tree's own is meant, without `buildTree` that of the kernel's packages.
 */
export interface OwnKernel {
  readonly buildTree: string | null;
  readonly vmlinux: string | null;
}

/** Everything observed of one machine or root directory; the saved form of `tapprep detect`. */
export interface HostFacts {
  readonly schema: 'tapprep-facts/1';
  readonly source: 'host' | 'root' | 'declared';
  /** For source "root": the directory on the machine that looked. */
  readonly root: string | null;
  readonly os: {
    /** ID of os-release, or derived from a release file. */
    readonly id: string | null;
    readonly versionId: string | null;
    readonly codename: string | null;
    readonly prettyName: string | null;
    readonly idLike: readonly string[];
    /** File the above came from. */
    readonly from: string | null;
  };
  readonly kernel: {
    /** uname -r of the kernel in question. */
    readonly release: string | null;
    /** uname -v; null in a root whose kernel does not run. */
    readonly unameV: string | null;
    /** uname -m */
    readonly arch: string;
    /** True when the kernel in question is the one that runs. */
    readonly running: boolean;
    readonly buildId: BuildId | null;
    readonly vermagic: string | null;
    /** /proc/version of the running kernel. */
    readonly procVersion: string | null;
    /** /proc/version_signature (Ubuntu). */
    readonly versionSignature: string | null;
    /** Compiler that built the kernel: CONFIG_CC_VERSION_TEXT or /proc/version. */
    readonly compiler: string | null;
    /** Directories under /lib/modules. */
    readonly installedReleases: readonly string[];
    /** Those words of /proc/cmdline that bear on modules and probes. */
    readonly cmdline: string | null;
  };
  readonly packageManager: 'dpkg' | 'rpm' | null;
  /** apt-get, yum, dnf, zypper … that are there and start, and what lays packages over a system that is an image. */
  readonly frontends: readonly string[];
  readonly kernelPackages: readonly InstalledPackage[];
  /** Everything that is installed; dependencies are resolved against it. Versions as in InstalledPackage. */
  readonly packages: readonly { readonly name: string; readonly version: string; readonly arch: string }[];
  /** Absent where packages are meant. */
  readonly own?: OwnKernel;
  readonly buildTree: BuildTreeFacts | null;
  readonly debuginfo: readonly DebuginfoFacts[];
  readonly systemMap: { readonly path: string; readonly stub: boolean } | null;
  readonly compiler: { readonly path: string; readonly version: string } | null;
  readonly make: { readonly path: string; readonly version: string } | null;
  readonly systemtap: SystemtapFacts | null;
  readonly security: {
    /** none | integrity | confidentiality */
    readonly lockdown: string | null;
    /** null: not known, as where efivarfs is not mounted. */
    readonly secureBoot: boolean | null;
    /** Whether there is UEFI firmware; absent in facts of older versions. */
    readonly efi?: boolean | null;
    /** null where nothing could be read; absent in facts of older versions. */
    readonly trustedKeys?: TrustedKeys | null;
    readonly moduleSigEnforce: boolean | null;
    readonly modulesDisabled: boolean | null;
    readonly fips: boolean | null;
    readonly kptrRestrict: number | null;
    readonly container: string | null;
    readonly wsl: boolean;
    readonly selinux: string | null;
  };
  /** Values of the CONFIG_ options that SystemTap needs: y, m, n, or null where no config file was found. */
  readonly config: Readonly<Record<string, string | null>>;
  readonly configFrom: string | null;
  readonly user: { readonly uid: number; readonly name: string | null; readonly groups: readonly string[] };
  readonly space: readonly Space[];
  readonly repositories: readonly HostRepositoryFile[];
}

/** Of one of the target's own package source files (apt .list or .sources, yum or zypper .repo, a variable) what tapprep reads. */
export interface HostRepositoryFile {
  readonly path: string;
  readonly text: string;
}

// ---------------------------------------------------------------- target

/** A row of the table in detect/kernel-families.ts: how its kernels are recognised and their packages named. */
export type RpmKernelFamily =
  | 'el'
  | 'el4'
  | 'el5'
  | 'el5rt'
  | 'el-raspi'
  | 'openvz'
  | 'openvz5'
  | 'centosplus'
  | 'centosplus6'
  | 'elrepo'
  | 'azurelinux-mshv'
  | 'qubes'
  | 'uek'
  | 'uek1'
  | 'uek5'
  | 'ueknext'
  | 'fedora'
  | 'fedora5'
  | 'fedora6'
  | 'fedora9'
  | 'amazon'
  | 'amazon-namespaced'
  | 'suse'
  | 'suse-head'
  | 'suse11'
  | 'suse111'
  | 'suse10'
  | 'photon'
  | 'photon1'
  | 'photon1-esx'
  | 'azurelinux'
  | 'openeuler'
  | 'ctyunos'
  | 'hce'
  | 'openeuler-raspi'
  | 'opencloudos'
  | 'tlinux'
  | 'mageia'
  | 'mageia9'
  | 'alt'
  | 'bclinux'
  | 'anolis'
  | 'alibaba'
  | 'kylin'
  | 'uos-e'
  | 'uos-a'
  | 'cgsl'
  | 'euleros'
  | 'euleros3'
  /** No row's: its packages are whatever the index of a source names for the release. */
  | 'rpm';
/** deb: no row's, as above. */
export type DebKernelFamily = 'debian' | 'gardenlinux' | 'kops' | 'deepin' | 'pve' | 'proxmox' | 'ubuntu' | 'deb';

interface TargetBase {
  /** ID as in os-release: debian, ubuntu, centos, rhel, ol … */
  readonly distro: string;
  /** VERSION_ID; null where only the kernel release is known. */
  readonly version: string | null;
  readonly codename: string | null;
  /** uname -m */
  readonly arch: string;
  /** uname -r */
  readonly release: string;
  /** uname -v */
  readonly unameV: string | null;
  readonly buildId: BuildId | null;
  /** Absent where packages are meant. */
  readonly own?: OwnKernel;
}

/** A kernel of a dpkg distribution. */
export interface DebTarget extends TargetBase {
  readonly family: 'deb';
  readonly kernelFamily: DebKernelFamily;
  /** amd64, arm64, ppc64el … */
  readonly packageArch: string;
  /** amd64, cloud-amd64, rt-amd64, generic, aws … */
  readonly flavour: string;
  /** Package version of the kernel ("6.1.55-1") as uname -v or the installed image package tells it; null where neither does. */
  readonly packageVersion: string | null;
}

/** A kernel of an rpm distribution. */
export interface RpmTarget extends TargetBase {
  readonly family: 'rpm';
  readonly kernelFamily: RpmKernelFamily;
  /** Package architecture: x86_64, i686, x86_64_v2, aarch64 … */
  readonly packageArch: string;
  /** Name stem of the packages, without the variant: kernel, kernel-rt, kernel-uek, kernel-lt, linux … */
  readonly stem: string;
  /** The installed image told the stem, where the release may be of several; absent where it did not, or was not asked. */
  readonly stemIsSeen?: true;
  /** debug, rt-debug, 64k, PAE, xen …, on SUSE and Photon the flavour (default, esx); null for the plain kernel. */
  readonly variant: string | null;
  /** version-release of the packages, no epoch; for SUSE without the rebuild counter. */
  readonly versionRelease: string;
}

export type Target = DebTarget | RpmTarget;

// ---------------------------------------------------------------- names and plan

export type Role =
  | 'devel'
  | 'headers'
  | 'debuginfo'
  | 'debuginfo-common'
  | 'debugsource'
  | 'image'
  | 'systemtap'
  | 'toolchain'
  | 'dependency';

/** One package that a target needs, as far as it can be named without any network. */
export interface PackageName {
  readonly role: Role;
  readonly name: string;
  /** The package's own architecture: x86_64, noarch, amd64, all. */
  readonly arch: string;
  /** What follows the name in the file name, without epoch; null where only the index knows. */
  readonly version: string | null;
  readonly match: 'exact' | 'index' | 'prefix';
  /** What the version ends in behind the counter that follows a prefix; absent where nothing does. */
  readonly suffix?: string;
  /** Packages with the same number are alternatives, the preferred first. */
  readonly alternative?: number;
}

/**
 * How a repository tells what it has: deb: dists/SUITE/InRelease and Packages; rpm-md: repodata/repomd.xml;
 * listing: only an index page of a directory of packages; template: not even a usable index page, so the file name is
 * made from name, version and arch and asked for with HEAD; launchpad: the API of Launchpad, asked for one name after the
 * other.
 */
export type RepositoryKind = 'deb' | 'rpm-md' | 'listing' | 'template' | 'launchpad';
/** What a server asks for: nothing, a client certificate of a subscription, a SUSE Customer Center token, an account. */
export type RepositoryAuth = 'none' | 'entitlement' | 'scc' | 'login';
/**
 * The registration of a target, as its source file names it: PEM files (sslclientcert, sslclientkey, sslcacert) and what
 * stands behind the "?" of each address, a secret that redact() knows by this name.
 */
export interface RepositoryIdentity {
  readonly certificate: string | null;
  readonly key: string | null;
  readonly authorities: string | null;
  readonly token: string | null;
  /** Whether the files lie on this machine; a key never leaves the machine that it is of. */
  readonly isHere: boolean;
}
/** A document that names the base URLs: metalink XML, or plain text with one URL a line. */
export interface RepositoryDiscovery {
  readonly kind: 'metalink' | 'mirror-list';
  readonly url: string;
}
export type RepositoryState = 'live' | 'vault' | 'archive' | 'snapshot' | 'retired';
/** What can be found there; "debuginfo" is the kernel's, "program-debuginfo" that of programs and libraries. */
export type RepositoryContent = 'image' | 'devel' | 'debuginfo' | 'program-debuginfo' | 'systemtap' | 'toolchain';
/** Weaknesses of old signatures that a mirror entry may accept by name. */
export type SignatureAllowance = 'sha1' | 'dsa' | 'v3' | 'short-rsa' | 'expired-key';

/** How far a repository can be believed, and by which keys. */
export interface RepositoryTrust {
  /** Signature over the metadata (InRelease, repomd.xml.asc). */
  readonly metadata: 'signed' | 'unsigned';
  /** Signatures inside the packages (rpm headers). */
  readonly packages: 'signed' | 'unsigned';
  /** Pinned key fingerprints; empty where only keyring files are given. */
  readonly fingerprints: readonly Fingerprint[];
  /** Key files on this machine or the target, absolute paths. */
  readonly keyrings: readonly string[];
  /** Armored public keys given inside a source file (deb822 Signed-By). */
  readonly keyBlocks?: readonly string[];
  readonly allow: readonly SignatureAllowance[];
}

/** One repository to ask: a mirrors.json entry or one of the target's own sources, every placeholder filled in. */
export interface Repository {
  readonly id: string;
  readonly kind: RepositoryKind;
  /** Base URLs of the same content, each ending in "/", in the order to try. */
  readonly baseUrls: readonly string[];
  /** deb: the suite below dists/, e.g. "bookworm-security"; null otherwise. */
  readonly suite: string | null;
  /** deb: components, e.g. ["main"]. */
  readonly components: readonly string[];
  /** local: the archive of this machine, for another release than its own. */
  readonly origin: 'override' | 'target' | 'local' | 'mirrors.json';
  /** Who built what is in it: Debian, CentOS, Scientific Linux …; null when unknown. */
  readonly vendor: string | null;
  readonly content: readonly RepositoryContent[];
  readonly state: RepositoryState;
  readonly trust: RepositoryTrust;
  /** True where an expired Valid-Until was allowed by name (--allow-expired-release), and for a snapshot of the past. */
  readonly allowExpiredRelease: boolean;
  /** Where to learn base URLs; asked when baseUrls is empty or none of them answers. */
  readonly discovery?: RepositoryDiscovery | null;
  readonly auth?: RepositoryAuth;
  /** What its server knows the target by; absent where nobody has to say who asks. */
  readonly identity?: RepositoryIdentity;
  /** As yum, dnf and zypper count: the smaller, the sooner; 99 where nothing is said. */
  readonly priority?: number;
  /** Patterns of packages that are not taken from it, and, where there are any, of the only ones that are. */
  readonly excludes?: readonly string[];
  readonly includes?: readonly string[];
  /** False for a source that the target's package manager has switched off (usual for debug repositories). */
  readonly enabled?: boolean;
  /** What to know about it; sentences. */
  readonly notes?: readonly string[];
}

/** What must hold before a downloaded file may be used. */
export type TrustRequirement =
  | { readonly kind: 'signed-index'; readonly digest: Digest; readonly signer: Fingerprint; readonly index: string }
  | {
      readonly kind: 'rpm-signature';
      readonly trust: RepositoryTrust;
      readonly digest: Digest | null;
      readonly vendor: string | null;
      /** What stands in for a signature where the source signs nothing: the build-id that the package must name. */
      readonly buildId?: BuildId | null;
    }
  | {
      readonly kind: 'unsigned-index';
      readonly digest: Digest;
      readonly index: string;
      readonly buildId: BuildId | null;
    };

/**
 * How an item was matched to the kernel. `version`: the package version that uname -v names; `abi-name`: only the package
 * name, which carries uname -r, so that the build-id has to decide at verify; `dependency`: something else needs it.
 */
export type MatchEvidence = 'build-id' | 'uname-provide' | 'nevra' | 'version' | 'abi-name' | 'dependency';

/** One package of a plan: installed, taken into a folder, or (an image) only unpacked for the virtual machine. */
export interface PlanItem {
  readonly kind: 'package' | 'image';
  readonly role: Role;
  readonly name: string;
  /** deb: full version; rpm: [epoch:]version-release. */
  readonly version: string;
  readonly arch: string;
  /** Last component of the URL, checked to be a plain file name. */
  readonly fileName: string;
  /** In the order to try. */
  readonly urls: readonly string[];
  readonly sizeBytes: number | null;
  readonly installedBytes: number | null;
  readonly trust: TrustRequirement;
  readonly match: MatchEvidence;
  /** Repository id. */
  readonly repository: string;
  /** False for what is only unpacked for the VM (the kernel image in a rehearsal). */
  readonly install: boolean;
  /** Not installed: of all its files these alone are put in place, "vmlinux" or the name of a module. */
  readonly files?: readonly string[];
  /** The version that is replaced, null for a new package. */
  readonly replaces: string | null;
  /**
   * deb: which run of dpkg it belongs to, 0 (or absent) first. dpkg unpacks a package only when its Pre-Depends are
   * configured, so those have to be installed by an earlier run.
   */
  readonly wave?: number;
  /** rpm: what it is needed for: the relation, and the name of the package that has it. Absent for what was asked for. */
  readonly because?: { readonly needs: string; readonly by: string };
  /** rpm: what the header of the package must say beside name, version and architecture. */
  readonly expects?: RpmExpectation;
}

/**
 * A portable SystemTap: a folder of its own on the target, put together from the programs and libraries of signed packages
 * that are themselves never installed there. Its undo is the journal's: the folder goes as a whole.
 */
export interface FolderItem {
  readonly kind: 'folder';
  readonly role: 'systemtap';
  /** Last component of its place, "systemtap-5.1". */
  readonly name: string;
  /** Of the package that has stap, "5.1-5". */
  readonly version: string;
  /** Upstream, "5.1". */
  readonly upstream: string;
  /** uname -m */
  readonly arch: string;
  /** Whose packages they are: ID of os-release, and the suite. */
  readonly distro: string;
  readonly suite: string;
  /** On the target, absolute. */
  readonly place: string;
  /** Everything that it may be put together from; the same packages give the same folder. */
  readonly packages: readonly PlanItem[];
  /** SHA-256 of the script that starts its programs, the one file in it that comes from tapprep itself. */
  readonly starter: Sha256;
  readonly sizeBytes: number | null;
  readonly installedBytes: number | null;
  /** Repository id. */
  readonly repository: string;
  readonly install: true;
}

/**
 * A kernel's vmlinux alone, by its build-id from a debuginfod: nobody signs it, so it is only in a plan where that was asked
 * for. Its undo is the journal's: the directory that it lies in goes as a whole.
 */
export interface FileItem {
  readonly kind: 'file';
  readonly role: 'debuginfo';
  readonly name: 'vmlinux';
  /** uname -r of the kernel. */
  readonly version: string;
  /** uname -m */
  readonly arch: string;
  readonly buildId: BuildId;
  /** In the order to try. */
  readonly urls: readonly string[];
  /** On the target, absolute. */
  readonly place: string;
  readonly sizeBytes: number | null;
  readonly installedBytes: number | null;
  readonly repository: 'debuginfod';
  readonly install: true;
}

/** What a plan brings to a target. */
export type Provision = PlanItem | FolderItem | FileItem;

/** What index and installed kernel tell of a package's build; null where neither does. */
export interface RpmExpectation {
  readonly vendor: string | null;
  readonly buildHost: string | null;
  /** Seconds since the epoch. */
  readonly buildTime: number | null;
  readonly sourceRpm: string | null;
  /** Capabilities that made it a match, `name = version`. */
  readonly provides: readonly string[];
}

/** Everything that one target needs for the proof, exactly, and where it comes from. */
export interface Plan {
  readonly schema: 'tapprep-plan/1';
  readonly target: Target;
  readonly items: readonly Provision[];
  /** Needed packages that are already there in the right version. */
  readonly present: readonly { readonly role: Role; readonly name: string; readonly version: string }[];
  readonly downloadBytes: number;
  readonly installedBytes: number;
  /** Why a choice was made, or what was left out; sentences. */
  readonly notes: readonly string[];
  /** SystemTaps that are mended on the target, in the order to try; nothing has to be downloaded for that. */
  readonly mends?: readonly PlannedMend[];
}

/** A SystemTap of a plan, and what its runtime is mended by: rows of tapprep's own table, each with the digest of what it changes. */
export interface PlannedMend {
  /** "4.8-2 of the distribution mended by task-work-cancel-func" */
  readonly name: string;
  readonly by: readonly { readonly id: string; readonly sha256: Sha256 }[];
}

/** A plan before anything but packages is added to it. */
export interface PackagePlan extends Plan {
  readonly items: readonly PlanItem[];
}

declare const verified: unique symbol;

/** What was checked of one file, carried along and checked again in a bundle. */
export interface Evidence {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** Fingerprint whose signature covers the file or the index that names its digest; null for unsigned sources. */
  readonly signer: Fingerprint | null;
  /** Sentences, in the order checked. */
  readonly checks: readonly string[];
}

/** A file that passed the checks of its trust requirement. Only trust/ makes one. */
export interface Artifact {
  readonly item: PlanItem;
  readonly path: string;
  readonly evidence: Evidence;
  readonly [verified]: true;
}

// ---------------------------------------------------------------- reports

/** A file that nobody signed, as it was put on a target. */
export interface PlacedFile {
  readonly path: string;
  /** Its own address, or the name of the package that it was taken out of. */
  readonly url: string;
  readonly sha256: Sha256;
  /** Null for a module without one. */
  readonly buildId: BuildId | null;
  /** Whether a signature covers it: never of a debuginfod. */
  readonly signed: boolean;
}

/** What install did to a target. */
export interface InstallReport {
  readonly installed: readonly { readonly name: string; readonly version: string; readonly arch: string }[];
  readonly replaced: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  /** What was there before and is not any more, with no other version in its place. */
  readonly removed?: readonly { readonly name: string; readonly version: string; readonly arch: string }[];
  readonly unchanged: number;
  /** Names of installed packages whose files were put back. */
  readonly again?: readonly string[];
  /** Files that came beside packages, from where, and that nobody signed them. */
  readonly files?: readonly PlacedFile[];
  /** Path of the journal on the target; null when nothing was changed. */
  readonly journal: string | null;
}

declare const sentence: unique symbol;

/**
 * Text for people. It is a string when it runs, and has none of a string's methods for the compiler: what is meant stands
 * in data beside it, and no code reads it back. `say` of sentence.ts makes one, renderers take it apart with `textOf`.
 */
export interface Sentence {
  readonly [sentence]: true;
}

export type StepStatus = 'pass' | 'fail' | 'skip';

/** What SystemTap has to do on a kernel, from the least to the most demanding. */
export type RungId = 'hello' | 'timer' | 'kernel.trace' | 'kprobe.function' | 'kernel.function' | 'syscall' | 'process';

/** Which check a step is. */
export type StepId = 'tools' | 'build-tree' | 'build-id' | RungId | 'script';

/**
 * To whom a step that did not pass is due. `target`: its kernel, packages or policy; `systemtap`: this SystemTap on this
 * kernel; `script`: what the user's script says; `this-machine`: too slow, or without what boots a guest.
 */
export type Blame = 'target' | 'systemtap' | 'script' | 'this-machine';

/** One step of the ladder. */
export interface VerifyStep {
  /** For people: the id, or "script NAME". */
  readonly step: string;
  readonly id: StepId;
  /** Name of the script of a step `script`; null for every other. */
  readonly script: string | null;
  /** Whether a target is only ready with it. */
  readonly required: boolean;
  readonly status: StepStatus;
  /** Null on pass, and where nobody is to blame: what it builds on did not pass, or was not asked for. */
  readonly blame: Blame | null;
  /** Why it failed or was skipped, one sentence; null on pass. */
  readonly reason: Sentence | null;
  /** The tool's own words, control characters escaped. */
  readonly output: string;
  readonly seconds: number;
}

/** What runs a script: a kernel module, or programs of the kernel's own bpf machine, which no signature policy touches. */
export type Runtime = 'module' | 'bpf';

/** Where the key for modules lies in the firmware of a guest, and whether Secure Boot is on: off leaves it in db. */
export type SecureBootMode = 'off' | 'db' | 'mok';

/** What a guest's kernel said of its policy on modules. */
export interface GuestPolicy {
  readonly efi: boolean;
  readonly secureBoot: boolean | null;
  readonly lockdown: string | null;
  readonly sigEnforce: boolean | null;
  /** What signatures are checked by, as /proc/keys lists it. */
  readonly trustedKeys: TrustedKeys;
}

export interface VerifyReport {
  readonly target: Target;
  /** Where the module was loaded; null when it could be loaded nowhere. */
  readonly ranIn: 'local' | 'vm' | null;
  /** What the scripts ran by; absent: modules. */
  readonly runtime?: Runtime;
  /** Read back in the guest; absent where none ran. */
  readonly policy?: GuestPolicy;
  /** By which key the modules were signed; absent where they were not. */
  readonly signedBy?: { readonly name: string; readonly keyId: string | null };
  readonly steps: readonly VerifyStep[];
  /** True only when a module was compiled, loaded, seen to print, and removed. */
  readonly ready: boolean;
  readonly diagnoses: readonly Diagnosis[];
}

export type Confidence = 'certain' | 'likely' | 'possible';

/** Who can carry a remedy out. The host is the machine below a container or virtual machine, where the target is one. */
export type RemedyDoer = 'tapprep' | 'user' | 'admin of the host' | 'nobody';

/** What packages are installed for: only those of programs are none of tapprep's business. */
export type PackagePurpose = 'kernel' | 'systemtap' | 'toolchain' | 'program-debuginfo';

/**
 * One thing that mends a fault, as data. diagnose/render-remedy.ts makes commands of it for the target at hand; nobody reads
 * those back.
 */
export type Remedy =
  /** The exact packages of a kernel and a SystemTap that fits, proven. */
  | {
      readonly kind: 'prepare-kernel';
      readonly by: 'tapprep';
      /** null: the kernel that the target options name. */
      readonly release: string | null;
      readonly systemtap: 'auto' | null;
    }
  /** stap's caches; no paths: the one of whoever runs the command. */
  | { readonly kind: 'empty-caches'; readonly by: 'tapprep'; readonly paths: readonly string[] }
  /** Another command of tapprep for the same target. */
  | { readonly kind: 'tapprep'; readonly by: 'user'; readonly words: readonly string[]; readonly root: boolean }
  | {
      readonly kind: 'install-packages';
      readonly by: 'user';
      readonly names: readonly string[];
      readonly purpose: PackagePurpose;
      /** Whether repositories that are switched off are to be used as well. */
      readonly repositories: 'enabled' | 'debug';
    }
  | {
      readonly kind: 'reinstall-packages';
      readonly by: 'user';
      readonly names: readonly string[];
      readonly purpose: PackagePurpose;
    }
  /** Lists the package sources, or refreshes them where that shows which one fails. */
  | { readonly kind: 'check-sources'; readonly by: 'user' }
  | { readonly kind: 'enable-debug-repository'; readonly by: 'user'; readonly system: 'ubuntu' | 'suse' }
  /** The system's subscription, without which it has no repositories. */
  | { readonly kind: 'register'; readonly by: 'user'; readonly tool: 'subscription-manager' | 'SUSEConnect' | 'pro' }
  /** What a system says of itself: distribution and kernel. */
  | { readonly kind: 'identify'; readonly by: 'user' }
  | { readonly kind: 'set-clock'; readonly by: 'user' }
  | { readonly kind: 'reboot'; readonly by: 'user'; readonly into: string | null }
  /** A variable of the user's shell; a value may hold words that the shell expands. */
  | { readonly kind: 'set-variable'; readonly by: 'user'; readonly name: string; readonly value: ShellText }
  | { readonly kind: 'unset-variables'; readonly by: 'user'; readonly names: readonly string[] }
  | { readonly kind: 'join-groups'; readonly by: 'user'; readonly groups: readonly string[] }
  /** The certificate of a key for modules, on this machine; the target's firmware asks for it at the next boot. */
  | {
      readonly kind: 'enrol-module-key';
      readonly by: 'user';
      /** null: that of `tapprep module-key create`. */
      readonly certificate: string | null;
      readonly needsMokutil: boolean;
    }
  /** Anything else: one line for a POSIX shell, on the target or on the machine below it. */
  | {
      readonly kind: 'run';
      readonly by: 'user' | 'admin of the host';
      readonly command: ShellText;
      readonly root: boolean;
    };

/** One explanation of a failure. */
export interface Diagnosis {
  readonly code: string;
  readonly confidence: Confidence;
  readonly evidence: readonly string[];
  readonly cause: string;
  /** What mends it, in this order. */
  readonly remedies: readonly Remedy[];
  /** The same as commands to paste, for the target at hand. */
  readonly fix: readonly string[];
  /** What to check if that does not help. */
  readonly otherwise: string | null;
  /** Of the first answer, where it is not certain and another cause remains: what tells the two apart. */
  readonly decidedBy?: DecidedBy;
}

/** One command whose output decides between two causes. */
export interface DecidedBy {
  /** The code of the other cause. */
  readonly against: string;
  readonly command: string;
}

// ---------------------------------------------------------------- events

/** What the pipeline tells whoever renders it. */
/** detail: only where everything is wanted to be known. */
export type NoteLevel = 'detail' | 'info' | 'warning';

/** One repository that was asked for a plan, and what came of it. */
export interface AskedEvent {
  readonly type: 'asked';
  readonly repository: string;
  /** Where it stands: who named it, or the state that the mirror list says. */
  readonly tier: string;
  readonly url: string | null;
  /** "read", or the code of the error that kept it from being read. */
  readonly answer: string;
  /** "planned", or the code that says why what was asked so far has no plan. */
  readonly plan: string;
}

export type Event =
  /** The stages that are to come, in order. */
  | { readonly type: 'stages'; readonly stages: readonly string[] }
  | {
      readonly type: 'stage';
      readonly stage: string;
      readonly status: 'start' | 'done' | 'fail';
      readonly detail?: string;
      readonly seconds?: number;
    }
  | {
      readonly type: 'progress';
      /** The stage that it is of, where several go on at once. */
      readonly stage?: string;
      readonly item: string;
      readonly bytes: number;
      readonly totalBytes: number | null;
      /** null: not known yet. */
      readonly bytesPerSecond: number | null;
      readonly secondsLeft: number | null;
    }
  | { readonly type: 'note'; readonly level: NoteLevel; readonly text: string }
  | AskedEvent
  | { readonly type: 'command'; readonly argv: readonly string[]; readonly where: string };

export type Emit = (event: Event) => void;
