/** What a log tells about the machine it comes from. Pure. */
import { type Layering, LAYERINGS } from '../package-system/layering.ts';
import { isPrompt } from './bystanders.ts';
import type { LogLine } from './log-line.ts';
import { readLoggedPackages, RPM_ARCH, type LoggedPackage } from './log-packages.ts';
import { readWithheld, type Withheld } from './log-withheld.ts';

export interface LogFacts {
  /** uname -r of the kernel that ran, where the log shows it. */
  readonly runningRelease: string | null;
  /** The same by uname itself or the kernel's own banner, and not by what some message takes for it. */
  readonly unameRelease: string | null;
  /** The release whose build tree, debug information or package was asked for and not found. */
  readonly wantedRelease: string | null;
  /** The build tree that make went into. */
  readonly enteredTree: { readonly release: string; readonly line: LogLine } | null;
  /** The release in the name of a package that was asked for or is missing. */
  readonly askedRelease: string | null;
  readonly unameV: string | null;
  /** As uname, or the name of the tree that the build link leads to, has it. */
  readonly arch: string | null;
  /** stap's word for it, which several machines share: only where the release has none of its own. */
  readonly treeArch: string | null;
  /** What dpkg calls the architecture of its packages, where it was asked. */
  readonly dpkgArch: string | null;
  /** What make was told to build for. */
  readonly toldArch: string | null;
  /** make is told SUBDIRS= and not M=, which kbuild has not read since 5.3: it builds the kernel itself then. */
  readonly usesSubdirs: boolean;
  /** A cross compiler was named on the command line of make or stap, on purpose. */
  readonly crossAsked: boolean;
  /** ID as in os-release. */
  readonly distribution: string | null;
  /** The log names it; otherwise a release or a message suggests it. */
  readonly distributionNamed: boolean;
  readonly distributionVersion: string | null;
  readonly stapVersion: string | null;
  readonly staprunVersion: string | null;
  /** "2.6.32 ... 6.6-rc1" */
  readonly testedKernels: string | null;
  /** A command line of stap is shown. */
  readonly commandSeen: boolean;
  /** SystemTap has part in what is told: it is named, or speaks itself. */
  readonly stapSeen: boolean;
  /** stap was started with -g. */
  readonly guru: boolean;
  /** What SYSTEMTAP_RELEASE holds, which stap takes for -r. */
  readonly releaseVariable: string | null;
  /** Argument of stap -r. */
  readonly releaseOption: string | null;
  /** A script is seen to have run to its end, and none to have failed. */
  readonly succeeded: boolean;
  /** A cached module was run. */
  readonly cachedModule: boolean;
  /** Whose package manager answers: a Debian's or an rpm system's. */
  readonly userland: 'deb' | 'rpm' | null;
  /** Whose commands are named, which may be anybody's advice. */
  readonly advised: 'deb' | 'rpm' | null;
  /** pacman or a distribution that has it is named. */
  readonly pacman: boolean;
  /** Debian's placeholder of a System.map is shown. */
  readonly stubTable: boolean;
  /** A debug repository is listed that is switched off, or all that are on, and it is not among them. */
  readonly debugRepositoryOff: boolean;
  /** Where make was told to find the kernel's tree, if that is where no package puts one. */
  readonly ownTree: string | null;
  /** What lays packages over the system, which is an image; null where nothing says so. */
  readonly layering: Layering | null;
  /** Mount points of file systems without a free inode, as df -i shows them. */
  readonly fullOfInodes: readonly string[];
  /** yum of old speaks: dnf, which has its name on newer systems, uses other words. */
  readonly oldYum: boolean;
  /** What it is has neither rpm's nor dpkg's database. */
  readonly withoutDatabase: boolean;
  /** The line that shows a container. */
  readonly container: LogLine | null;
  /** Root of the container is another user of the host: the mapping of its ids says so. */
  readonly userNamespace: boolean;
  /** There is no UEFI, and so no machine owner key. */
  readonly noEfi: boolean;
  /** The line that shows that the kernel takes no module until the next boot. */
  readonly modulesDisabled: LogLine | null;
  /** Mount points of file systems that honour no set-uid bit. */
  readonly nosuidMounts: readonly string[];
  /** The first step of an image's recipe; what is installed from there on is the image's. */
  readonly imageStep: LogLine | null;
  /** Such a recipe asks which kernel runs, and is told that of whoever builds the image. */
  readonly recipeAsksUname: boolean;
  readonly withheld: Withheld;
  /** Which run a line is of, 0 first: a log may hold several, one after the other. */
  readonly runOf: (position: number) => number;
  readonly packages: readonly LoggedPackage[];
  /** Releases that `ls /lib/modules` or `ls /usr/src/kernels` listed, or that a build link points to. */
  readonly otherTrees: readonly OtherTree[];
  /** Kernels whose image was listed, as in /boot. */
  readonly bootImages: readonly Omit<OtherTree, 'hasModules'>[];
  /** UTS_VERSION values of header files. */
  readonly treeUtsVersions: readonly string[];
  /** Package of a program or library whose debug information stap names as missing. */
  readonly userspacePackage: string | null;
  /** Packages of modules that are not the kernel's own and whose debug information stap names as missing. */
  readonly modulePackages: readonly string[];
  /** Where @cast looks for its type: "kernel", a header in <>, or the path of a program. */
  readonly castFile: string | null;
  /** Packages of images that dpkg or apt list as installed, whatever they are called, and what rpm or dpkg names as the owner of the kernel's files. */
  readonly imagePackages: readonly string[];
  /** Files of modules that insmod was given. */
  readonly loadedFiles: readonly string[];
  /** Packages of headers in whose directories below /usr/src a file was asked for that is not there. */
  readonly incompletePackages: readonly string[];
  /** Names in module("…") of the probes that could not be resolved. */
  readonly probedModules: readonly string[];
}

export interface OtherTree {
  readonly release: string;
  readonly line: LogLine;
  /** A directory of /lib/modules, which the kernel itself makes; else of build trees. */
  readonly hasModules: boolean;
}

const RELEASE = String.raw`\d\.\d{1,3}(?:\.\d{1,3})?[\w.+~-]{0,64}`;
const TREE = new RegExp(
  String.raw`(?:/lib(?:64)?/modules/(?=${RELEASE}/build)|/usr/src/kernels/|/usr/src/linux-headers-(?!\S{1,60}-common\b|\d+(?:\.\d+)+-\d+(?![\w+~-]|\.\w)))(${RELEASE})`,
);
/** make says where it goes; that a tree is used does not say that it is the one that is meant. */
const ENTERED = new RegExp(
  String.raw`(?:\b(?:Entering directory|make (?:\S+ )?-C|Verzeichnis|entre dans le répertoire)|进入目录) ?["'\`]?\s?(?:/usr(?=/lib(?:64)?/modules/))?(?:${TREE.source})`,
);
const GOES =
  /-C |^Sign command: |\bmake\b.{0,200} K\w{0,10}(?:DIR|SRC)=|(?:Entering|Leaving) directory|Verzeichnis .{1,300} wird (?:betreten|verlassen)|(?:entre dans|quitte) le répertoire|(?:进入|离开)目录/;
/** dkms signs with a program of the tree, whichever kernel it builds for. */
const SIGNED_BY = new RegExp(String.raw`^Sign command: ${TREE.source}`);
/** A row of `dpkg -l`, of `apt list --installed`, and what `dpkg -S` answers. */
const IMAGE_LISTED =
  /^[hi]i\S? +((?:[a-z0-9][a-z0-9+.]*-)+image-[\w.+~-]+)|^((?:[a-z0-9][a-z0-9+.]*-)+image-[\w.+~-]+)(?:\/\S+ .{0,200}\[installed|:(?:\w+:)? \/(?:boot|lib\/modules)\/)/;
/** dpkg's packages of headers have directories of their names, several to a tree. */
const GONE_FROM_PACKAGE =
  /No rule to make target ["'`]\/usr\/src\/(linux-(?:headers|kbuild)-\d[^/\s]{1,80})\/|\/usr\/src\/(linux-(?:headers|kbuild)-\d[^/\s]{1,80})\/[^\s:"']{1,200}["']?: (?:\d{1,4}: )?(?:No such file|not found|cannot open)/;
/** dkms, and whoever opens a file of it. */
const GONE = /cannot be found at|No such file/;
/** crash, of a vmlinux that is not the dump's: then the dump's kernel is the one in question. */
const CRASH_MISMATCH = /^crash: \S{1,300} and \S{1,300} do not match!/;
/** A package that is named with its release and is not there. */
const MISSING_PACKAGE = new RegExp(
  String.raw`^ERROR: kernel(?:-[a-z]\w*)*-(?:debuginfo|devel)-(${RELEASE}) not installed`,
);
/** kernel-devel with the release of a flavour: no such package is there, and the release is what was meant. */
const SUSE_ASKED = /\bkernel-devel-(\d[\w.]{1,30}-[\w.]{1,40}-(?:default|azure|preempt|rt|64kb|vanilla|longterm))\b/;
/** yum and dnf name the kernel itself, of which no debug package is there. */
const DEBUGINFO_ASKED = new RegExp(
  `Could not find debug(?:info|source)\\b.{0,60}?: (?:[^\\s,]{1,100}, ?){0,20}kernel(?:-[a-z]\\w*)*-(${RELEASE})`,
);
const BARE_RELEASE = new RegExp(`^${RELEASE}$`);
const UNAME_A = new RegExp(
  String.raw`\bLinux \S{1,64} (${RELEASE}) (#\d.{4,80}?) (x86_64|aarch64|ppc64le|s390x|i[3-6]86|armv\w+|riscv64)\b`,
);
const BARE_ARCH = /^(?:x86_64|aarch64|ppc64(?:le)?|s390x|i[3-6]86|armv\w+|riscv64|ia64)$/;
/** Red Hat's trees of before 6: 2.6.18-8.el5-PAE-i686. */
const LINKED_ARCH = new RegExp(
  String.raw`->\s+\S{0,80}/usr/src/kernels/${RELEASE}-(i[3-6]86|x86_64|ia64|ppc64|s390x)/?$`,
);
const LINUX_VERSION = new RegExp(String.raw`\bLinux version (${RELEASE}) .{1,300}? (#\d.{4,80})$`);
/** uname -s -r -v, as many programs begin what they tell of a system, and what hostnamectl prints. */
const UNAME_SRV = new RegExp(String.raw`(?:^|[:=] ?["']?)Linux (${RELEASE}) (#\d.{4,80})$`);
const UNAME_SR = new RegExp(String.raw`^(?:Kernel|OS|System): Linux (\d\.\d{1,3}\.\d{1,3}[\w.+~-]{0,64})(?= |$)`);
/** dkms, of the kernel that runs where the system has no modules of it: it builds for another then. */
const CHROOT_HOST = new RegExp(String.raw`\bIt is likely that (${RELEASE}) belongs to a chroot's host`);
/** LINUX_VERSION_CODE, which stap compares with the kernels that it knows, is no release. */
const SAID_RELEASE = new RegExp(
  String.raw`(?:Configuring for kernel release|(?:Module build|module|headers|source|make\.log) for kernel|for target kernel|valid path to the|make\.log for \S{1,80} for kernel|uname -r['"]?\s*(?::|=|=>|->)|kernel(?: version| release)?(?: is)?\s*[:=]|, release|Kernel version(?! \S{1,80} is (?:outside|within) ))\s+(${RELEASE})`,
  'i',
);
/** Whatever program names a kernel by its whole release. */
const NAMED_RELEASE =
  /(?<!\b(?:built|compiled|made) (?:for|against) (?:the )?)\b[Kk]ernel(?: release| version)?[:,=]? ["'`(]?(\d\.\d{1,3}\.\d{1,3}(?:\.\d{1,3})?-[\w.+~-]{1,64})/;
/** kernel-devel-uname-r = RELEASE, as dependencies are written. */
const PROVIDED_RELEASE = /\bkernel(?:-\w{1,20}){0,3}-uname-r ?={1,2} ?(\d[\w.+~-]{3,80})/;
/** The hook of dkms in pacman, and the files of a kernel's modules. */
const MISSING_HEADERS = new RegExp(String.raw`\bMissing (${RELEASE}) kernel headers`);
const MODULE_FILE = new RegExp(String.raw`/lib(?:64)?/modules/(${RELEASE})/(?:kernel|extra|updates)/`);
/** Files of a kernel carry its release, and so do the messages of who looks for them. */
const FILE_RELEASE = /(?:\/boot\/[\w.]{2,20}-|\bfor (?:the )?)(\d\.\d{1,3}\.\d{1,3}[-+][\w.+~-]{1,64})/;
/** kmod and dkms name the kernel that they looked for. */
const LOOKED_FOR = new RegExp(
  String.raw`(?:FATAL: Module \S{1,60} not found in directory|could not open (?:directory|moddep file)) ["']?(?:/usr)?/lib/modules/(${RELEASE})`,
);
/** A container's host name is the beginning of its id, a pod's ends in two generated words. */
const CONTAINER_PROMPT =
  /(?:^|\s)\[?[a-z_][\w-]{0,31}@(?:[0-9a-f]{12}|[a-z][a-z0-9-]{0,50}-[0-9a-f]{8,10}-[a-z0-9]{5})(?:\s|:)\S{0,200}?[\]#$]/;
const CONTAINER_WORD =
  /\/\.dockerenv|\bDockerfile\b|^\[(?:s6-init|cont-init\.d|fix-attrs\.d|services\.d)\] |\bdocker (?:run|exec|container)\b|\bpodman (?:run|exec)\b|\b(?:kubectl (?:exec|debug)|oc (?:debug|rsh)|crictl exec|nerdctl (?:run|exec)|machinectl (?:shell|login)|pct (?:enter|exec)|lxc (?:exec|shell)|systemd-nspawn)\b|\bkubepods\b|\bcontainerd-shim\b|^Using Docker executor with image |\/docker\/[0-9a-f]{12,64}|\blxc-attach\b|(?<!\b(?:not|never|isn't|nor|and not) )\b(?:inside|in|within|from) (?:a |an |the |my |our |this )?(?:[a-z]{1,20} )?(?:container|pod)\b|\btoolbox (?:enter|run|create)\b|\bFROM (?:centos|ubuntu|debian|fedora|rockylinux|almalinux|alpine)\b/i;

/** What shows the output of containers, typed at a prompt. */
export const OF_CONTAINERS =
  /(?:^|[$#❯] )(?:sudo )?(?:(?:kubectl|oc|docker|podman|crictl|nerdctl)(?: -\S{1,60}(?: [^-\s]\S{0,60})?){0,3}|docker[- ]compose) logs\b/;

/** Files of OpenVZ that are listed; its node has /proc/bc, too. */
const OPENVZ_FILE = /^(?:\/proc\/\S+ +)*\/proc\/(?:user_beancounters|vz:?)(?: +\/proc\/\S+)*$/;
const OPENVZ_NODE = /^(?:\/proc\/\S+ +)*\/proc\/bc(?: |$)/;
const LISTS_MODULES = /\bls (?:-\w{1,5} )?\/lib\/modules\/?$/;
/** What a line of a container that OpenVZ runs looks like, once it was taken for that. */
export const OF_OPENVZ = new RegExp(`${OPENVZ_FILE.source}|${LISTS_MODULES.source}`);
/** A node of OpenVZ has the modules of its kernel there, and a container has none. */
function listsNoModules(text: string, next = ''): boolean {
  return LISTS_MODULES.test(text) && (next === '' || /[$#] ?$|[$#] \S/.test(next));
}

/** Systems that are made from sources, or come as one image, by their names and the words in their releases. */
const WITHOUT_DATABASE =
  /\bSlackware\b|\/etc\/slackware-version|-yocto-|\bcrosstap\b|\d-android\d{1,2}-|\bToybox$|\d-flatcar\b|\bBottlerocket OS\b|\d-gentoo\b|^>>> Emerging |#\d{1,4}-NixOS\b|^Starting gVisor/;

/** What systemd-detect-virt and virt-what answer in a container. */
export const DETECTED = /^(?:lxc(?:-libvirt)?|docker|podman|systemd-nspawn|openvz|rkt|container-other)$/;

/** What gVisor says as it starts, and the banner that it shows for a kernel: it is a program, and loads no modules. */
export const OF_GVISOR = /^Starting gVisor\.\.\.|\b4\.4\.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\b/;
/** How docker stores what a container printed: the text, the stream and the time. */
export const DOCKER_LINE = /^\{"log":"/;
/** The ids of a user namespace: the first inside, the first outside, how many. The system's own maps all to themselves. */
const MAPPED_ROOT = /^0 +(?!0 +4294967295$)\d{1,10} +\d{1,10}$/;
function isMappedRoot(line: LogLine, index: number, lines: readonly LogLine[]): boolean {
  return MAPPED_ROOT.test(line.text) && lines[index - 1]?.text.endsWith('/uid_map') === true;
}

/** mokutil's own words, and those of who looks for the directory. */
const NO_EFI = /EFI variables are not supported|\/sys\/firmware\/efi(?:\/efivars)?\/?["']?: No such file/;
/** A setting behind "#" or ";" is none. */
const MODULES_DISABLED = /^(?:[^#;]{0,200}[\s:])?kernel\.modules_disabled ?= ?1$|\/kernel\/modules_disabled:1$/;
/** A row of findmnt, of mount, and of /proc/mounts. */
const NOSUID =
  /^[\s│├└─|`-]*(\/\S{0,200}) +\S+ +\S+ +(?:\S+,)?nosuid\b|^\S+ on (\/\S{0,200}) type \S+ \((?:\S+,)?nosuid\b|^\S+ (\/\S{0,200}) \S+ (?:\S+,)?nosuid\S* \d \d$/;

/** How a builder of images names a step of a recipe, and one that failed. */
export const IMAGE_STEP =
  /^#\d{1,4} ERROR: process ["']\/bin\/|^(?:\[\d{1,3}\/\d{1,3}\] )?(?:STEP \d{1,3}(?:\/\d{1,3})?:|Step \d{1,3}\/\d{1,3} :) [A-Z]{3,12} |\[(?:[\w-]{1,40} )? ?\d{1,3}\/\d{1,3}\] RUN |\bThe command ["']\/bin\/\w{1,10} -c .{1,1500} returned a non-zero code/;
/** How `zypper lr` names the column of what is switched on, and what stands there where it is not. */
const ZYPPER_ENABLED =
  /^(?:Enabled|Aktiviert|Activé|Habilitado|Abilitato|Ingeschakeld|Ativado|Включ\S{1,4}|Włączon\S{1,4}|Povoleno|有効|已?启用|啟用)$/i;
const ZYPPER_NO = /^(?:No|Nein|Non|Nee|Ne|Não|Нет|Nie|Nej|いいえ|否)$/i;
/** Without -a: number, alias, name, enabled. */
const USUAL_ENABLED = 3;
const LISTS_REPOSITORIES = /(?:^|[$#❯] )(?:sudo )?(?:yum|dnf) (?:-\S{1,20} )*repolist(?: enabled| --enabled)?$/;
/** Two columns, where headings and messages are words with one blank between them. */
const REPOSITORY_ROW = /^[!*]?[\w.][\w./-]{1,100} {2,}\S/;
/** What a system that is an image says of itself. */
const LAYERED: Readonly<Record<Layering, RegExp>> = {
  'rpm-ostree':
    /\butilize rpm-ostree\b|^(?:LayeredPackages|LocalPackages|RemovedBasePackages|BaseCommit): \S|^● (?:ostree-[\w-]{1,40}|fedora):\S|(?:^|[$#❯] )(?:sudo )?rpm-ostree (?:status|install|upgrade)\b|\bostree-booted\b|^PRETTY_NAME=.{0,40}\b(?:Silverblue|Kinoite|CoreOS)\b|^VARIANT_ID=["']?(?:silverblue|kinoite|coreos|iot)\b/,
  'transactional-update':
    /\bThis is a transactional-server\b|(?:^|[$#❯>] )(?:sudo )?transactional-update (?:-|pkg|shell|dup|up\b|run)|^(?:PRETTY_)?NAME=.{0,40}\b(?:MicroOS|SLE Micro|SL Micro|Leap Micro)\b/,
};
/** The one line of the System.map that Debian installs. */
const STUB_TABLE = /The real System\.map is in the linux-image-/;
/** What Ubuntu has in the place of perf and its like, which only looks for those of the kernel that runs. */
export const TOOLS_WRAPPER = /(?:^WARNING: |[`"'])[a-z][\w-]{1,30} not found for kernel \d/;
/** What it asks for. */
const TOOLS_ASKED = new RegExp(String.raw`^(?:E: Unable to locate package )?linux-tools-(${RELEASE})$`);

/** Patterns that only the ends of a log are read for, or that bring a line of the middle in. */
export const FACT_NEEDLES: readonly string[] = [
  '/lib/modules/',
  'Linux version ',
  'version magic',
  'PRETTY_NAME=',
  'tested kernel versions',
  'translator/driver (version',
  'loader/runner (version',
  'library script',
  'Pass 5: run ',
  ' systemtap: ',
  'UTS_VERSION "',
  'kernel-devel-',
  'kernel-debuginfo-',
  'kernel-debug-',
  'linux-headers-',
  'linux-image-',
  'ERROR: process "/bin/',
  "The command '/bin/",
  'linux-tools-',
  'rpm-ostree',
  'transactional-',
  'kubectl debug',
  'crictl exec',
  'machinectl shell',
  'docker exec',
  'docker run',
  'kubectl logs',
  'Starting gVisor',
  'modules_disabled',
  'EFI variables are not supported',
  'Using Docker executor',
  '/.dockerenv',
  'crash --osrelease',
  'Configuring for kernel release',
  'kernel headers for kernel',
  'Module build for kernel',
  ' not found in directory ',
  'SUSE Linux Enterprise',
  'Red Hat Enterprise Linux',
  'CentOS release',
  'CentOS Linux',
];

/** Where no package puts a build tree. */
const OWN_PATH = String.raw`(\/(?!usr\/src\/(?:kernels|linux-headers|linux-[^/\s]*obj)|(?:usr\/)?lib\/modules)[^\s"']{1,200})`;
const OWN_KDIR = new RegExp(String.raw`\b(?:KSRC|KDIR|KERNEL_?DIR|KERNEL_SRC)=["']?${OWN_PATH}`);
/** With a module named to it: the makefiles of any program are told -C. */
const OWN_MAKE = new RegExp(
  String.raw`\bmake (?:\S{1,100} ){0,5}-C ["']?${OWN_PATH}["']? (?:.{0,300}\s)?(?:M|SUBDIRS)=`,
);

/** Its names, and its own words where none of them stands beside: a piece of its output is all that many show. */
const OF_SYSTEMTAP =
  /\bstap|systemtap|tapprep|\.stp\b|\bPass [1-5]: |\bsemantic error: |\[man (?:error|warning)::|\bChecking ".{1,300}" failed|missing kernel-devel|\bConfiguring for kernel release |\bYou need package |MODVERSIONS= /i;

/** The last words of a good run: stap's own with -v, the module's in dmesg. */
const RAN = /\bPass 5: run completed|: systemtap: \d[\w./-]{1,20}, base: /;
const FAILED = /\bPass [1-5]: [a-z]{1,12} failed|^ERROR\b|exited with status: [1-9]/;

/** Reads everything the lines tell; what they do not tell is null or empty. */
export function readLogFacts(lines: readonly LogLine[]): LogFacts {
  const first = (pattern: RegExp, group = 1): string | null => {
    for (const line of lines) {
      const found = pattern.exec(line.text)?.[group];
      if (found !== undefined) return found;
    }
    return null;
  };
  const missed = lines.find(
    (line) => /\.config|debuginfo|Module\.symvers|Makefile/.test(line.text) && TREE.test(line.text),
  );
  const named =
    lines.find((line) => GONE.test(line.text) && TREE.test(line.text)) ??
    // A path and nothing else is a row of a list.
    lines.find((line) => TREE.test(line.text) && !GOES.test(line.text) && !/^\/\S+$/.test(line.text));
  const entered = lines.find((line) => ENTERED.test(line.text));
  const enteredRelease = trimmed(TREE.exec(entered?.text ?? '')?.[1] ?? null);
  const uname =
    first(UNAME_A) ??
    first(LINUX_VERSION) ??
    answerTo(lines, /(?<!\$\(|`)\buname -r\b/, BARE_RELEASE) ??
    first(UNAME_SRV) ??
    first(CHROOT_HOST) ??
    releaseSubstituted(lines);
  const magic = first(/version magic ["'].{1,160}?["'] should be ["'](\S{1,80})/);
  const running =
    magic ??
    uname ??
    // The version that the wrapper tells of the kernel is not its whole release.
    first(TOOLS_ASKED) ??
    first(UNAME_SR) ??
    first(SAID_RELEASE) ??
    releaseOnNextLine(lines) ??
    first(LOOKED_FOR) ??
    first(PROVIDED_RELEASE) ??
    first(MISSING_HEADERS) ??
    first(NAMED_RELEASE) ??
    first(FILE_RELEASE) ??
    first(MODULE_FILE);
  const treeRelease =
    first(MISSING_PACKAGE) ??
    (lines.some((line) => CRASH_MISMATCH.test(line.text))
      ? answerTo(lines, /\bcrash --osrelease\b/, BARE_RELEASE)
      : null) ??
    TREE.exec(missed?.text ?? '')?.[1] ??
    // A tree that nobody misses may be any, where the kernel itself says which one runs.
    (magic === null ? TREE.exec(named?.text ?? '')?.[1] : null) ??
    (running === null ? (enteredRelease ?? first(SIGNED_BY)) : null);
  const isOpenvz = lines.some((line) => /\d-0\d\dstab\d/.test(line.text));
  const packages = readLoggedPackages(lines);
  const withheld = readWithheld(lines);
  const imageStep = lines.find((line) => IMAGE_STEP.test(line.text)) ?? null;
  const command = lines.filter((line) => /\bstap(?:xx|\+\+)?\s/.test(line.text) && /\s-/.test(line.text));
  return {
    runningRelease: trimmed(running),
    unameRelease: trimmed(uname),
    wantedRelease: trimmed(treeRelease),
    enteredTree: entered === undefined || enteredRelease === null ? null : { release: enteredRelease, line: entered },
    unameV:
      first(UNAME_A, 2) ??
      first(LINUX_VERSION, 2) ??
      first(UNAME_SRV, 2) ??
      answerTo(lines, /\buname -v\b/, /^#\d.{4,80}$/) ??
      first(/module version mismatch \(#.{4,120}? vs (#.{4,120}?)\)(?=,|\s*$)/),
    arch: first(UNAME_A, 3) ?? answerTo(lines, /\buname -m\b/, BARE_ARCH) ?? first(LINKED_ARCH),
    treeArch: first(/\bmissing (\w{3,12}) kernel\/module debuginfo/),
    dpkgArch: answerTo(lines, /\bdpkg --print-architecture$/, /^[a-z][a-z0-9]{2,15}$/),
    toldArch: first(/(?:\bmake\b.{0,200}\s|\bexport |\benv |^)ARCH=([\w-]{1,20})/),
    usesSubdirs: lines.some((line) => /\bmake\b.{0,200}\sSUBDIRS=\S/.test(line.text) && !/\sM=\S/.test(line.text)),
    crossAsked: lines.some((line) => /\b(?:make\b.{0,200}\s|stap\b.{0,200}\s-B\s?)CROSS_COMPILE=\S/.test(line.text)),
    ...readDistribution(lines, trimmed(treeRelease ?? running)),
    stapVersion:
      first(/translator\/driver \(version (\d+\.\d+)/) ??
      first(/\bsystemtap(?:-client|-runtime)?[- ](?:version )?(\d\.\d{1,2})\b/i),
    staprunVersion: first(/\bmodule loader(?:\/runner)? \(version (\d+\.\d+)/),
    testedKernels:
      first(/tested kernel versions: (\S{3,24} \.\.\. \S{3,24})/) ?? first(/tested range (\S{3,24} \.\.\. \S{3,24})/),
    commandSeen: command.length > 0,
    stapSeen: lines.some((line) => OF_SYSTEMTAP.test(line.raw)),
    guru: command.some((line) => /\s-[a-zA-Z]{0,4}g[a-zA-Z]{0,4}(?:\s|$)|--guru\b/.test(line.text)),
    releaseVariable: first(/(?:^|\s)SYSTEMTAP_RELEASE=["']?(\d[\w.+~-]{2,80})/),
    releaseOption: readReleaseOption(command, trimmed(treeRelease)),
    succeeded: lines.some((line) => RAN.test(line.text)) && !lines.some((line) => FAILED.test(line.text)),
    cachedModule: lines.some((line) => /Pass 4: using cached/.test(line.text)),
    userland: readUserland(lines, ANSWERS),
    advised: readUserland(lines, COMMANDS),
    pacman:
      lines.some((line) => /\bpacman\b|\bArch ?Linux\b|\b(?:on|under) Arch\b|\bAUR\b|\bManjaro\b/.test(line.text)) &&
      !lines.some((line) => /\bapk\b|\bAlpine\b/.test(line.text)),
    stubTable: lines.some((line) => STUB_TABLE.test(line.text)),
    debugRepositoryOff:
      listsDebugOff(lines) ||
      listsNoDebugRepository(lines) ||
      (withheld.subscribed.length > 0 && !withheld.subscribed.some((id) => id.includes('debug'))),
    ownTree: first(OWN_KDIR) ?? first(OWN_MAKE),
    layering: findLayering(lines),
    fullOfInodes: readFullOfInodes(lines),
    oldYum: lines.some((line) =>
      /^Loaded plugins:|\[Errno -?\d{1,3}\] .{0,20}(?:curl#|HTTPS? Error|problem making|repomd\.xml)|YumRepo Error/.test(
        line.text,
      ),
    ),
    withoutDatabase: lines.some((line) => WITHOUT_DATABASE.test(line.text)),
    userNamespace: lines.some(isMappedRoot),
    noEfi: lines.some((line) => NO_EFI.test(line.text)),
    modulesDisabled:
      lines.find(
        (line, index) =>
          MODULES_DISABLED.test(line.text) ||
          (line.text === '1' && lines[index - 1]?.text.endsWith('/kernel/modules_disabled') === true),
      ) ?? null,
    nosuidMounts: lines.flatMap(({ text }) => NOSUID.exec(text)?.slice(1).find(Boolean) ?? []),
    container:
      lines.find((line) => OF_GVISOR.test(line.text)) ??
      lines.find(
        (line, index) =>
          DOCKER_LINE.test(line.raw) ||
          isMappedRoot(line, index, lines) ||
          CONTAINER_PROMPT.test(line.text) ||
          CONTAINER_WORD.test(line.text) ||
          OF_CONTAINERS.test(line.text) ||
          IMAGE_STEP.test(line.text) ||
          (isOpenvz && listsNoModules(line.text, lines[index + 1]?.text)) ||
          (OPENVZ_FILE.test(line.text) && !lines.some(({ text }) => OPENVZ_NODE.test(text))) ||
          (DETECTED.test(line.text) && /\b(?:systemd-detect-virt|virt-what)\b/.test(lines[index - 1]?.text ?? '')),
      ) ??
      null,
    imageStep,
    recipeAsksUname: imageStep !== null && lines.some((line) => /(?:\$\(|`)uname -r\b/.test(line.text)),
    withheld,
    runOf: countRuns(lines),
    packages,
    askedRelease: first(SUSE_ASKED) ?? first(DEBUGINFO_ASKED) ?? askedPackage(packages)?.release ?? null,
    otherTrees: readOtherTrees(lines),
    bootImages: lines.flatMap((line) =>
      LISTS_IMAGE.test(line.text)
        ? [...line.text.matchAll(IMAGE_FILE)].map(([, release = '']) => ({ release, line }))
        : [],
    ),
    treeUtsVersions: lines.flatMap((line) => /#define UTS_VERSION "([^"]{4,120})"/.exec(line.text)?.[1] ?? []),
    userspacePackage: readUserspacePackage(lines),
    modulePackages: [...new Set(lines.flatMap(hintedPackages).filter((name) => OF_MODULES.test(name)))],
    castFile: first(/@cast\([^,"]{1,100}, ?"[^"]{1,100}", ?"([^"]{1,300})"/),
    imagePackages: [...new Set(lines.flatMap(({ text }) => IMAGE_LISTED.exec(text)?.slice(1).find(Boolean) ?? []))],
    loadedFiles: lines.flatMap((line) => /\binsmod (?:-f )?(?!-)([\w./+~-]{1,200}\.ko)\b/.exec(line.text)?.[1] ?? []),
    incompletePackages: [
      ...new Set(lines.flatMap(({ text }) => GONE_FROM_PACKAGE.exec(text)?.slice(1).find(Boolean) ?? [])),
    ],
    probedModules: [...new Set(lines.flatMap((line) => /\bmodule\("(\w[\w-]{0,64})"\)/.exec(line.text)?.[1] ?? []))],
  };
}

/** What -r was given; of a variable of the shell it is what stap then looked for. */
function readReleaseOption(commands: readonly LogLine[], wanted: string | null): string | null {
  const given = commands.map(({ text }) => /\s-r\s?(\S{1,256})/.exec(text)?.[1]).find(Boolean) ?? null;
  return given !== null && /^["']?\$\{?[a-z]\w*\}?["']?$/i.test(given) ? wanted : given;
}

/** stap begins anew with its first pass, whatever stood before. */
const BEGINS = /^Pass 1: |^(?:\S{0,80}[$#] )(?:sudo )?\S{0,60}stap(?:xx|\+\+)?\s/;

function countRuns(lines: readonly LogLine[]): (position: number) => number {
  const begins = lines.filter((line) => BEGINS.test(line.text)).map(({ position }) => position);
  // The command and its first pass are one beginning.
  const starts = begins.filter((at, index) => index === 0 || at - (begins[index - 1] ?? 0) > 1);
  return (position) => Math.max(starts.filter((start) => start <= position).length - 1, 0);
}

type Words = Readonly<Record<'deb' | 'rpm', readonly RegExp[]>>;
/** What a package manager prints, or who comes with it. */
const ANSWERS: Words = {
  deb: [
    /README\.Debian|\(version \d\S{0,20}, Debian version /,
    STUB_TABLE,
    TOOLS_WRAPPER,
    /^linux-tools-\d/,
    /^[EWN]: |^(?:Get|Hit|Ign|Err):\d|^Reading package lists/,
    /^(?:Setting up|Unpacking) [a-z0-9][\w.+:-]* \(|^Selecting previously unselected /,
    /^dpkg(?:-\w+)?: (?!.*not found)|^[ih][iFWt]R? +\S+ +\d/,
  ],
  rpm: [
    // stap knows what to install where it was built with rpm's library.
    /use: (?:yum |dnf |debuginfo-install )|^(?:package \S+ is not installed)$/,
    /[$#] (?:sudo )?rpm -q|\(version \d\S{0,20}, rpm \d/,
    /Loaded plugins:|^No package \S+ available\.?$|^No match for argument|Unable to find a match/,
  ],
};
/** Commands, wherever they are written. */
const COMMANDS: Words = {
  deb: [/\bapt(?:-get)? (?:-\S+ )*(?:install|update|upgrade|remove|purge|policy)\b|\bdpkg\b/],
  rpm: [/\b(?:yum|dnf|microdnf|tdnf) (?:-\S+ )*install\b|\brpm -q/],
};

function readUserland(lines: readonly LogLine[], words: Words): 'deb' | 'rpm' | null {
  const speaks = (family: 'deb' | 'rpm'): boolean =>
    lines.some((line) => words[family].some((word) => word.test(line.text)));
  if (speaks('deb')) return 'deb';
  return speaks('rpm') ? 'rpm' : null;
}

const BY_MANAGER = /^(?:E: |Error: |No package |No match for )/;

/** What a package manager names beats the beginning of the same name in somebody's sentence. */
function askedPackage(packages: readonly LoggedPackage[]): LoggedPackage | undefined {
  const first = packages.find(isAskedFor) ?? packages.find(isLineAskedFor) ?? packages.find(isProgramHeaders);
  if (first === undefined || BY_MANAGER.test(first.line.text)) return first;
  const isWhole = (one: LoggedPackage): boolean =>
    isAskedFor(one) && one.release.startsWith(first.release) && BY_MANAGER.test(one.line.text);
  return packages.find(isWhole) ?? first;
}

/** A hint, an error of the package manager: a plain kernel's package that is named and not there. */
function isAskedFor({ installed, kind, variant, release }: LoggedPackage): boolean {
  return !installed && variant === null && (kind === 'devel' || kind === 'debuginfo') && !release.endsWith('.noarch');
}

/** The same of another line of kernels; the suffix of a build variant stands in the release, and not in the version. */
function isLineAskedFor({ installed, kind, variant, release }: LoggedPackage): boolean {
  const isBuildVariant = variant !== null && /^(?:debug|64k|PAE|xen|kdump)$/.test(variant);
  return !installed && kind === 'devel' && !isBuildVariant && !release.endsWith('.noarch');
}

/** The headers for programs, asked for where those of the kernel were meant: they carry its version. */
function isProgramHeaders({ name, release, installed }: LoggedPackage): boolean {
  return !installed && name === 'kernel-headers' && !release.endsWith('.noarch');
}

/** A debug repository in a row of `zypper lr`; what stands before a bar is a prefix in other logs, so that the rows are read whole. */
function listsDebugOff(lines: readonly LogLine[]): boolean {
  let enabled = USUAL_ENABLED;
  return lines.some(({ raw }) => {
    const cells = raw.split('|', LONGEST_ROW).map((cell) => cell.trim());
    if (cells[0] === '#') {
      const at = cells.findIndex((cell) => ZYPPER_ENABLED.test(cell));
      enabled = at === -1 ? USUAL_ENABLED : at;
    }
    const isRow = /^\d{1,3}$/.test(cells[0] ?? '') && ZYPPER_NO.test(cells[enabled] ?? '');
    return isRow && cells.slice(1, enabled).some((cell) => /debug/i.test(cell));
  });
}

const LONGEST_ROW = 16;

/** `dnf repolist` lists what is enabled, one row a repository: its id, and its name behind. */
function listsNoDebugRepository(lines: readonly LogLine[]): boolean {
  const at = lines.findLastIndex(({ text }) => LISTS_REPOSITORIES.test(text));
  if (at === -1) return false;
  const end = lines.findIndex(({ text }, index) => index > at && isPrompt(text));
  const rows = lines.slice(at + 1, end === -1 ? undefined : end).map(({ text }) => text);
  return rows.some((row) => REPOSITORY_ROW.test(row)) && !rows.some((row) => /debug/i.test(row));
}

/** The line after a command typed at a prompt, such as `uname -r`, where it has the form of an answer; one more for each command before it. */
function answerTo(lines: readonly LogLine[], command: RegExp, form: RegExp): string | null {
  for (const [index, { text }] of lines.entries()) {
    const at = command.exec(text)?.index;
    if (at === undefined) continue;
    const before = text.slice(0, at).match(/;|&&/g)?.length ?? 0;
    const answer = lines[index + 1 + before]?.text ?? '';
    if (form.test(answer)) return answer;
  }
  return null;
}

/** Packages that were asked for by $(uname -r), and how long their names became in the answer. */
const SUBSTITUTED =
  /\b((?:linux-(?:headers|image|modules|tools)|(?:pve|proxmox)-headers|kernel(?:-[a-z]\w*)*-devel))-(?:\$\(uname -r\)|`uname -r`)/;
const LONGEST_ANSWER = 25;

function releaseSubstituted(lines: readonly LogLine[]): string | null {
  for (const [index, { text }] of lines.entries()) {
    const stem = SUBSTITUTED.exec(text)?.[1];
    if (stem === undefined) continue;
    const answer = new RegExp(`(?<![\\w-])${stem}-(${RELEASE})(?![\\w.+~-])`);
    const said = lines.slice(index + 1, index + LONGEST_ANSWER);
    const end = said.findIndex((line) => isPrompt(line.text));
    for (const line of end === -1 ? said : said.slice(0, end)) {
      const found = trimmed(answer.exec(line.text)?.[1] ?? null);
      if (found !== null && /^\d\.\d{1,3}[.-]\d/.test(found)) return found.replace(/-dbg(?:sym)?$/, '');
    }
  }
  return null;
}

/** A message that a terminal, or its program, wrapped before the release that it is about. */
function releaseOnNextLine(lines: readonly LogLine[]): string | null {
  for (const [index, line] of lines.entries()) {
    if (!/\b(?:for target|for|running|current) kernel$/.test(line.text)) continue;
    const [word = ''] = (lines[index + 1]?.text ?? '').replace(/^\(/, '').split(/[\s,;:)]/, 1);
    const release = trimmed(word) ?? '';
    if (BARE_RELEASE.test(release)) return release;
  }
  return null;
}

const BUILD_LINK = new RegExp(
  String.raw`->\s+\S{0,80}/(?:usr/src/(?:kernels|linux-headers)[/-]|lib/modules/)(${RELEASE})`,
);

/** A row of ls: names alone, or one behind its rights; what is told of a file, or loaded from one, has other words around. */
const LISTS_IMAGE =
  /^(?:[-l][rwxst-]{9}\S? .{0,100} |(?:[\w.+~/-]+ +)*)(?:\/boot\/)?vmlinuz-\d[\w.+~-]*(?: +[\w.+~/-]+)*$/;
const IMAGE_FILE = new RegExp(`(?:^|[ /])vmlinuz-(${RELEASE})(?= |$)`, 'g');
/** In /usr/src; without a flavour behind the number it is the half that they share. */
const HEADERS_DIRECTORY = /^linux-headers-(?=\d[\w.+~-]*(?:[-+][a-z]|\.ph\d))(?!\S*-common)/;

function readOtherTrees(lines: readonly LogLine[]): LogFacts['otherTrees'] {
  const found: OtherTree[] = [];
  let listing: string | null = null;
  for (const line of lines) {
    const link = BUILD_LINK.exec(line.text);
    if (link?.[1] !== undefined) found.push({ release: link[1], line, hasModules: false });
    // The command, and the heading of each directory where it lists several.
    if (
      /\b(?:ls|ll|find|dir)\b.*(?:\/lib\/modules|\/usr\/src)|^\/(?:usr\/)?(?:lib\/modules|src)\S{0,40}:$/.test(
        line.text,
      )
    ) {
      listing = line.text;
      continue;
    }
    // The next command may name a release as well.
    if (isPrompt(line.text)) listing = null;
    if (listing === null) continue;
    const words = line.text.split(/\s+/).map((word) => word.replace(/\/$/, '').replace(HEADERS_DIRECTORY, ''));
    const releases = words.filter((word) => /^\d\.\d{1,3}\.\d{1,3}[.-]/.test(word) && BARE_RELEASE.test(word));
    const hasModules = listing.includes('/lib/modules');
    if (releases.length > 0) found.push(...releases.map((release) => ({ release, line, hasModules })));
    else if (!/^total\b/.test(line.text)) listing = null;
  }
  return found;
}

/** What rpm -qf answers of a program's file. */
const OWNER = new RegExp(
  String.raw`^((?!kernel-|kmod-)[a-zA-Z][\w.+-]{1,80}-\d[\w.+~^]*-[\w.+~^]+\.(?!noarch)${RPM_ARCH})$`,
);

/** Weak updates of Red Hat's kin, SUSE's, and those that akmods builds. */
const OF_MODULES = /^kmod-|-kmp-|^akmod-/;

/** What stap says to install debug information of. */
function hintedPackages({ text }: LogLine): readonly string[] {
  const words = /debuginfo-install ([^']{1,600})/.exec(text)?.[1]?.split(/\s+/) ?? [];
  return words.filter((word) => /^[a-z0-9][\w.+-]{1,100}$/i.test(word));
}

/** The package that is shown to own a program's file, or the first of the hint that is no kernel's: kernel modules of others (kmod-…) have nothing to do with it. */
function readUserspacePackage(lines: readonly LogLine[]): string | null {
  for (const [index, line] of lines.entries()) {
    if (/\brpm -qf \/\S/.test(line.text)) {
      const owner = OWNER.exec(lines[index + 1]?.text ?? '')?.[1];
      if (owner !== undefined) return owner;
    }
    const found = hintedPackages(line).find((name) => !name.startsWith('kernel-') && !OF_MODULES.test(name));
    if (found !== undefined) return found;
  }
  return null;
}

const DISTRIBUTIONS: readonly (readonly [RegExp, string])[] = [
  // Who built the kernel, as rpm was asked for it.
  [/^kernel(?:-core)?[- ]\S{0,80}(?: \S{1,80})? +Red Hat, Inc\./, 'rhel'],
  [/CentOS(?: Linux)? (?:release |Stream )?(\d+)?/i, 'centos'],
  [/Red Hat Enterprise Linux\D{0,40}(\d+)?/i, 'rhel'],
  [/Rocky Linux\D{0,20}(\d+)?/i, 'rocky'],
  [/AlmaLinux\D{0,20}(\d+)?/i, 'almalinux'],
  [/Oracle Linux\D{0,30}(\d+)?/i, 'ol'],
  [/Fedora(?: release| Linux)? (\d+)/i, 'fedora'],
  [/Amazon Linux(?: release)? (\d{1,4})?/i, 'amzn'],
  [/SUSE Linux Enterprise\D{0,30}(\d+)?/i, 'sles'],
  [/openSUSE[- ]Tumbleweed/i, 'opensuse-tumbleweed'],
  [/openSUSE (?:Leap )?([\d.]+)?/i, 'opensuse-leap'],
  [/\bUbuntu (\d\d\.\d\d)/i, 'ubuntu'],
  [/Debian GNU\/Linux (\d+)?/i, 'debian'],
  [/Kali GNU\/Linux/i, 'kali'],
  [/Raspbian GNU\/Linux (\d+)?/i, 'raspbian'],
  [/Devuan GNU\/Linux (\d+)?/i, 'devuan'],
  [/Parrot (?:OS|Security|GNU\/Linux)/i, 'parrot'],
];
/** What a kernel release or a message says where the log does not name the distribution. */
const TELLTALES: readonly (readonly [RegExp, string])[] = [
  [/\w\.el(\d{1,2})uek/, 'ol'],
  [/\w\.(?:rh)?el(\d{1,2})(?:[_.\w]|$)/, 'centos'],
  [/\w\.fc(\d{1,2})\./, 'fedora'],
  [/\w\.amzn(\d{1,4})/, 'amzn'],
  [/ddebs\.ubuntu\.com|wiki\.ubuntu\.com|\d-\d+-(?:generic|aws|azure|gcp|lowlatency|oracle|kvm)\b/, 'ubuntu'],
  [/\d(?:-cloud|-rt)?-(?:amd64|arm64|686(?:-pae)?)\b|README\.Debian/, 'debian'],
  [/\d-default\b|\bzypper\b/, 'sles'],
];

type Distribution = Pick<LogFacts, 'distribution' | 'distributionVersion' | 'distributionNamed'>;

/** What the log names, else what the kernel release suggests, else what any line does. */
function readDistribution(lines: readonly LogLine[], release: string | null): Distribution {
  const texts = lines.map((line) => line.text);
  const named = firstOf(DISTRIBUTIONS, texts);
  if (named !== null) return { ...withVersion(named, texts), distributionNamed: true };
  const suggested = firstOf(TELLTALES, release === null ? [] : [release]) ?? firstOf(TELLTALES, texts);
  return { ...(suggested ?? { distribution: null, distributionVersion: null }), distributionNamed: false };
}

const KIN_OF_RED_HAT = /^(?:centos|rhel|rocky|almalinux|ol)$/;

/** A name without a version has that of the packages in the log. */
function withVersion(named: Named, texts: readonly string[]): Named {
  if (named.distributionVersion !== null) return named;
  const suggested = firstOf(TELLTALES, texts);
  const isKin = suggested?.distribution === 'centos' && KIN_OF_RED_HAT.test(named.distribution);
  return suggested !== null && (isKin || suggested.distribution === named.distribution)
    ? { ...named, distributionVersion: suggested.distributionVersion }
    : named;
}

interface Named {
  readonly distribution: string;
  readonly distributionVersion: string | null;
}

function firstOf(table: readonly (readonly [RegExp, string])[], texts: readonly string[]): Named | null {
  for (const [pattern, distribution] of table) {
    for (const text of texts) {
      const found = pattern.exec(text);
      if (found !== null) return { distribution, distributionVersion: found[1] ?? null };
    }
  }
  return null;
}

/** df names its columns in the language of its user: IUse%, IUso%, IUti%. Loops and what snap mounts are full by nature. */
function readFullOfInodes(lines: readonly LogLine[]): readonly string[] {
  const found: string[] = [];
  let isTable = false;
  for (const { text } of lines) {
    const [, used, mount] = /\s(\d{1,3}|-)%? (\/\S{0,200})$/.exec(text) ?? [];
    if (mount === undefined) isTable = /\sI\p{L}{1,8}\.?%\s/u.test(text);
    else if (isTable && used === '100' && !/^\/dev\/loop|\s\/snap\//.test(text)) found.push(mount);
  }
  return found;
}

function findLayering(lines: readonly LogLine[]): Layering | null {
  return LAYERINGS.find((name) => lines.some((line) => LAYERED[name].test(line.text))) ?? null;
}

/** A release at the end of a sentence carries its full stop. */
function trimmed(release: string | null): string | null {
  return release === null ? null : release.replace(/[.,;:]+$/, '').replace(/\.(?:gz|xz|zst|bz2)$/, '');
}
