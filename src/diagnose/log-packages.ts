/** The kernel packages that a log mentions, and whether it shows them as installed. Pure. */
import { isPrompt } from './bystanders.ts';
import type { LogLine } from './log-line.ts';
import { wordsOf } from './package-manager/templates.ts';
import { INSTALLED as INSTALLED_TEMPLATES } from './package-manager/translations.ts';

export type PackageKind = 'image' | 'devel' | 'debuginfo' | 'other';

export interface LoggedPackage {
  readonly name: string;
  readonly kind: PackageKind;
  /** The release that uname -r would print for it, without the variant: V-R.ARCH of an rpm (+VARIANT where it was asked for so, V-R where it is listed without), R of a deb. */
  readonly release: string;
  /** debug, rt, 64k …: what stands between "kernel-" and "-devel"; null for the plain package. */
  readonly variant: string | null;
  readonly installed: boolean;
  readonly line: LogLine;
}

/** The architectures that rpm puts behind V-R, as a source of expressions. */
export const RPM_ARCH = '(?:x86_64|i[3-6]86|aarch64|ppc64le|ppc64|s390x|armv7hl|riscv64|noarch)';
const RPM = new RegExp(
  `(?<![\\w/-])(kernel(?:\\d\\.\\d{1,3})?(?:-[a-z][a-z0-9_]{0,12}){0,5}?)-((?:\\d+:)?\\d[\\w.+~^]{0,40}-[\\w.+~^]{1,48}?)\\.(${RPM_ARCH}(?:\\+[a-zA-Z]\\w{1,12})?)(?:\\.rpm)?(?![\\w-])`,
  'g',
);
/** yum and dnf tables: name[.arch] [arch] [epoch:]version-release */
const RPM_COLUMNS = new RegExp(
  `(?:^|\\s)(kernel(?:\\d\\.\\d{1,3})?(?:-[a-z][a-z0-9_]{0,12}){0,5})(?:\\.(${RPM_ARCH}))?\\s+(?:(${RPM_ARCH})\\s+)?(?:\\d+:)?(\\d[\\w.+~^]{0,40}-[\\w.+~^]{1,48})(?=\\s|$)`,
);
/** zypper's table: a letter where it is installed, name, type, version, architecture, repository. */
const ZYPPER_ROW = new RegExp(
  `^(i\\+?|v|) *\\| (kernel(?:-[a-z][a-z0-9_]{0,12}){0,5}) +\\| \\S+ +\\| (\\d\\S{1,90}) +\\| (${RPM_ARCH}) +\\|`,
);
/** Three columns and nothing else, as rpm is asked for them. */
const RPM_ROW = new RegExp(`^(kernel(?:-[a-z][a-z0-9_]{0,12}){0,5}) (\\d\\S{0,60}-\\S{1,60}) (${RPM_ARCH})$`);
const DEB = /(?<![\w/-])linux-(image-unsigned|image|headers|modules|(?:cloud-)?tools)-(\d[\w.+~-]{2,60})/g;
/** Proxmox's, and as `pveversion -v` lists what is installed. */
const PVE = /(?<![\w/-])((?:pve|proxmox)-(kernel|headers)-(\d[\w.+~-]{2,60}?-pve))(?:-signed(?:-template)?)?(?![\w-])/g;
const PVEVERSION_ROW = /^(?:pve|proxmox)-(?:kernel|headers)-\d\S{1,60}: \d\S{0,40}$/;
const DEB_KINDS: Readonly<Record<string, PackageKind>> = {
  headers: 'devel',
  modules: 'other',
  tools: 'other',
  'cloud-tools': 'other',
};
const DEB_DEBUG = /-(?:dbgsym|dbg)$/;

const INSTALLED =
  /already installed|already the newest|is already|^(?:[ih][iFWt])\s|^i[ +|]|(?:Setting up|Installed:?|Installing\s*:|Verifying\s*:|Unpacking|Upgrading\s*:)\s|\[installed|\s@[\w./-]{2,40}$|^linux-\S{3,100}\s+install$/i;
const INSTALLED_ELSEWHERE = wordsOf(INSTALLED_TEMPLATES);
const NOT_INSTALLED = /not installed|No package|no match|Unable to|not available|missing|use:|problem installing/i;
/** A line of rpm -qa, with or without the date of --last, which is in the user's language; a file of a package is none. */
const BARE_LIST_LINE =
  /^[-*•]?\s*(?:kernel|linux)-\S*[^\s:](?<!\.(?:rpm|deb))(?:\s+(?=.*\b(?:19|20)\d\d)(?=.*\d\d\D\d\d\D\d\d)\S.*)?$/;
/** dpkg-query -W, and whoever prints the two columns of any list: a name, its version, nothing else. */
const NAME_AND_VERSION = /^linux-[a-z-]+-\d\S+ +\d[\w.+~:-]+$/;
/** apt-cache policy begins with the name; below stands, in any language, the version that is installed, or a word in parentheses. */
const POLICY_HEADING = /^[a-z][\w.+-]+:$/;
const POLICY_INSTALLED = /^[^:]{2,30}: *\d/;
/** dpkg -s, or the name that its answer begins with. */
const STATUS_OF = /\bdpkg (?:-s|--status) |^Package: /;
const STATUS_INSTALLED = /^Status: \w+ ok installed$/;

/** rpm of EL 5 and SLES 11 lists without the architecture. */
const RPM_WITHOUT_ARCH = /^(kernel(?:-[a-z][a-z0-9_]{0,12}){0,5})-(\d[\w.+~^]{0,40}-[\w.+~^]{1,48})$/;

/** rpm -i with -h: a count, the package without its architecture, hashes; those that an upgrade takes away stand below a heading. */
const RPM_PROGRESS =
  /^\d{1,4}:(kernel(?:-[a-z][a-z0-9_]{0,12}){0,5})-(\d[\w.+~^]{0,40}-[\w.+~^]{1,48}) +#{4,}(?: \[ {0,2}\d{1,3}%\])?$/;
const RPM_REMOVES = /^Cleaning up \/ removing\.\.\./;

/** A row of pacman -Q or -Qs: linux612-headers 6.12.28-1, linux 6.9.7.arch1-1. */
const PACMAN_ROW =
  /^(?:local\/)?(linux(\d{2,4})?(?:-(lts|zen|hardened)|-(?!firmware|api|docs?\b|tools|headers)[a-z]\w{1,20}(?:-\d{1,4})?)?(-headers)?) (\d[\w.]{1,40}-\d[\d.]{0,5})(?: \(.{0,80}\))?$/;
const OF_ARCH = /^linux\d{0,4}(?:-(?:lts|zen|hardened))?(?:-headers)?$/;
const PACMAN_NAME = /^linux\d{0,4}(?:-(?!image|headers-|modules|tools|cloud)[a-z]\w{1,20}(?:-\d{1,4})?)?(?:-headers)?$/;
/** dkms says so on every system, of whichever package manager. */
const BY_DKMS = /install the linux-headers-\S{1,100} package or use/;

/** Whether a package is only named by dkms, in its own words. */
export function isNamedByDkms({ line }: LoggedPackage): boolean {
  return BY_DKMS.test(line.text);
}

/** Whether a package's name is one of Arch Linux or its kin. */
export function isOfPacman({ name }: LoggedPackage): boolean {
  return PACMAN_NAME.test(name);
}

/** What yum says that it has done: a heading in any language, and below it rows with the epoch of every package, zero included. */
const YUM_HEADING = /^(?=\D{2,60}$).*\p{L}.*:$/u;
const YUM_DONE = new RegExp(`^kernel[\\w.-]{0,60}\\.${RPM_ARCH} \\d+:\\d\\S{2,90}(?: |$)`);
/** Headings above what is there no more, or never came. */
const GONE =
  /^(?:Removed|Erased|Failed|Replaced|Skipped|Not installed|删除|已?移除|削除|삭제|Entfernt|Ersetzt|Supprimé|Remplacé|Eliminado|Reemplazado|Rimosso|Removido|Удалено|Usunięto)/i;

/** All kernel packages of the lines, in their order. */
export function readLoggedPackages(lines: readonly LogLine[]): readonly LoggedPackage[] {
  const found: LoggedPackage[] = [];
  let underInstalledHeading = false;
  let needed = false;
  let isDoneByYum = false;
  let isTakenAway = false;
  const isAskedOfPacman = lines.some(({ text }) => /\bpacman -Q/.test(text));
  for (const [index, line] of lines.entries()) {
    if (RPM_REMOVES.test(line.text) || isPrompt(line.text)) isTakenAway = !isPrompt(line.text);
    if (YUM_HEADING.test(line.text)) isDoneByYum = !GONE.test(line.text);
    else if (!YUM_DONE.test(line.text)) isDoneByYum = false;
    if (
      /^(?:Installed|Dependency Installed|Installing(?: dependencies| for dependencies)?|Updated|Upgraded|Erasing|Complete)\s*[:!](?! [\d(])/.test(
        line.text,
      )
    ) {
      underInstalledHeading = !line.text.startsWith('Complete');
    }
    // dnf's lists.
    if (/^(?:Installed|Available|Upgrades|Obsoletes|Recent) packages$/i.test(line.text))
      underInstalledHeading = line.text.startsWith('Installed');
    else if (isPrompt(line.text)) underInstalledHeading = false;
    if (/^(?:Need to install|Please install|You need)/.test(line.text)) needed = true;
    else if (!/^(?:kernel|linux)-/.test(line.text)) needed = false;
    if (!/kernel|linux[- \d]|(?:pve|proxmox)-headers/.test(line.text)) continue;
    const bare =
      (BARE_LIST_LINE.test(line.text) && !needed) ||
      NAME_AND_VERSION.test(line.text) ||
      PVEVERSION_ROW.test(line.text) ||
      (STATUS_OF.test(line.text) &&
        lines.slice(index + 1, index + 3).some(({ text }) => STATUS_INSTALLED.test(text))) ||
      (POLICY_HEADING.test(line.text) && POLICY_INSTALLED.test(lines[index + 1]?.text ?? ''));
    const installed =
      !NOT_INSTALLED.test(line.text) &&
      (bare ||
        isDoneByYum ||
        underInstalledHeading ||
        INSTALLED.test(line.text) ||
        INSTALLED_ELSEWHERE.test(line.text));
    found.push(
      ...rpmsOf(line, installed),
      ...rpmsOfProgress(line, !isTakenAway),
      ...debsOf(line, installed),
      ...pacmansOf(line, isAskedOfPacman),
    );
  }
  return found;
}

function pacmansOf(line: LogLine, isAsked: boolean): readonly LoggedPackage[] {
  const [, name, series, flavour, headers, version = ''] = PACMAN_ROW.exec(line.text) ?? [];
  // Kernels of other builders only where pacman itself lists them: other lists have rows of that form, too.
  if (name === undefined || (!isAsked && !OF_ARCH.test(name))) return [];
  // As uname -r has it: 6.9.7-arch1-1, 6.6.36-1-lts, 6.12.28-1-MANJARO.
  const suffix = series === undefined ? flavour : 'MANJARO';
  const bare = version.replace(/\.(?=[a-z]+\d)/, '-');
  const release = suffix === undefined ? bare : `${bare}-${suffix}`;
  return [{ name, kind: headers === undefined ? 'image' : 'devel', release, variant: null, installed: true, line }];
}

function rpmsOf(line: LogLine, installed: boolean): readonly LoggedPackage[] {
  const found: LoggedPackage[] = [];
  for (const match of line.text.matchAll(RPM)) {
    const [, name = '', versionRelease = '', arch = ''] = match;
    found.push(rpmPackage(line, installed, name, versionRelease, arch));
  }
  if (found.length > 0) return found;
  const [, letter, listed, listedVersion = '', listedArch = ''] = ZYPPER_ROW.exec(line.text) ?? [];
  if (listed !== undefined)
    return [rpmPackage(line, letter?.startsWith('i') === true, listed, listedVersion, listedArch)];
  const [, queried, queriedVersion = '', queriedArch = ''] = RPM_ROW.exec(line.text) ?? [];
  if (queried !== undefined) return [rpmPackage(line, true, queried, queriedVersion, queriedArch)];
  const columns = RPM_COLUMNS.exec(line.text);
  if (columns === null) return rpmWithoutArch(line, installed);
  const [, name = '', dotArch, columnArch, versionRelease = ''] = columns;
  const arch = dotArch ?? columnArch;
  return arch === undefined ? [] : [rpmPackage(line, installed, name, versionRelease, arch)];
}

function rpmWithoutArch(line: LogLine, installed: boolean): readonly LoggedPackage[] {
  const [, name, versionRelease] = RPM_WITHOUT_ARCH.exec(line.text) ?? [];
  if (name === undefined || versionRelease === undefined) return [];
  return [rpmPackage(line, installed, name, versionRelease, null)];
}

function rpmsOfProgress(line: LogLine, installed: boolean): readonly LoggedPackage[] {
  const [, name, versionRelease] = RPM_PROGRESS.exec(line.text) ?? [];
  if (name === undefined || versionRelease === undefined) return [];
  return [rpmPackage(line, installed, name, versionRelease, null)];
}

function rpmPackage(
  line: LogLine,
  installed: boolean,
  name: string,
  versionRelease: string,
  arch: string | null,
): LoggedPackage {
  const words = name.split('-').slice(1);
  const kind = rpmKind(words);
  const variant = words.find((word) => /^(?:debug|rt|64k|PAE|xen|kdump|uek|azure|preempt)$/.test(word)) ?? null;
  const bare = versionRelease.replace(/^\d+:/, '');
  const release = arch === null ? bare : `${bare}.${arch}`;
  return { name, kind, release, variant, installed, line };
}

/** What a kernel is packaged with that is neither an image nor one of the others. */
const BESIDE_IMAGES =
  /^(?:headers|tools|docs?|debugsource|sources?|srpm|macros|abi|stablelists|whitelists|syms|firmware|bootwrapper|selftests|cross)$/;

function rpmKind(words: readonly string[]): PackageKind {
  if (words.includes('debuginfo')) return 'debuginfo';
  if (words.includes('devel')) return 'devel';
  if (words.some((word) => BESIDE_IMAGES.test(word))) return 'other';
  return 'image';
}

function debsOf(line: LogLine, installed: boolean): readonly LoggedPackage[] {
  // Behind the columns of `dpkg -l` a description follows, which names what the package belongs to.
  const columns = /^[uirph][ncHUFWti]R? +\S+(?= +\d)/.exec(line.text)?.[0] ?? line.text;
  const ofProxmox = [...columns.matchAll(PVE)].map(([, name = '', type, release = '']): LoggedPackage => {
    return { name, kind: type === 'kernel' ? 'image' : 'devel', release, variant: null, installed, line };
  });
  const others = [...columns.matchAll(DEB)].map((match): LoggedPackage => {
    const [, type = '', word = ''] = match;
    // Of a file the version and the architecture of the package follow.
    const rest = word.replace(/_\d[\w.+~-]*_\w.*$/, '');
    const name = `linux-${type}-${rest}`;
    const debug = DEB_DEBUG.test(rest);
    // The half that Ubuntu's flavours share is no kernel's build tree.
    const isShared = type === 'headers' && /^\d+(?:\.\d+)+-\d+$/.test(rest);
    const kind = debug ? 'debuginfo' : isShared ? 'other' : (DEB_KINDS[type] ?? 'image');
    return { name, kind, release: rest.replace(DEB_DEBUG, ''), variant: null, installed, line };
  });
  return [...ofProxmox, ...others];
}
