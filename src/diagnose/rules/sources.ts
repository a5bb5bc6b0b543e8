/** What is wrong with one package source, where its own words tell more than that it cannot be used. */
import { CHECK_SOURCES, install, prepare, REBOOT, run, runAsRoot } from '../../make-remedy.ts';
import { quoteWord, shellLine, shellText } from '../../shell-words.ts';
import { findArchitecture } from '../../detect/architectures.ts';
import { UBUNTU_RELEASES } from '../../detect/ubuntu-releases.ts';
import type { Remedy, ShellText } from '../../types.ts';
import { NOT_FOUND_PATTERNS } from '../package-manager/asked-packages.ts';
import { BROKEN, NO_RELEASE_FILE, OF_A_SOURCE, UNTRUSTED_ISSUER } from '../package-manager/source-messages.ts';
import { text, type Pattern, type Rule, type Match } from '../rule.ts';
import { asksZypper, type Situation } from '../situation.ts';

/** dnf and yum have a key of this vendor, and the package is signed by another. */
const OTHER_KEY: readonly Pattern[] = [
  text("Import of key(s) didn't help"),
  text('Public key for', /Public key for (\S{1,200})\.rpm is not installed/),
  text(
    'keys listed for',
    /GPG keys listed for .{1,120} (?:are|is) already installed but (?:they are|it is) not correct/,
  ),
];
/** rpm refuses the key itself: it is bound to its owner by a digest that the system's policy does not take any more. */
const REFUSED_KEY: readonly Pattern[] = [
  text('Hash algorithm SHA1 not available'),
  text('Policy rejects', /Policy rejects .{1,200}\bSHA-?1\b/),
];
/** What was downloaded is not what the index names, or is not there any more. */
const INDEX_BEHIND: readonly Pattern[] = [
  text("checksum doesn't match", /(\S{1,200}\.rpm): Downloading successful, but checksum doesn't match/),
  text('does not match', /Package does not match intended download/),
  text('Status code: 404', /Status code: 404 for \S{1,300}\/(\S{1,200}\.rpm)\b/),
  text('[Errno 14]', /\/(\S{1,200}\.rpm): \[Errno 14\] HTTPS? Error 404/),
];
/** An index itself that is not there: then the source is dead, and no cache. */
const INDEX_ABSENT: readonly Pattern[] = [
  text('Status code: 404', /Status code: 404 for \S{1,300}\/repomd\.xml/),
  text('[Errno 14]', /repomd\.xml: \[Errno 14\]/),
];
/**
 * Red Hat's repositories of longer support (EUS, AUS, E4S, TUS) exist for minor releases alone, and the address that was asked has
 * the major one, as it is where the release was never set: /eus/rhel8/8/, /eus/rhel/server/7/7Server/.
 */
const MAJOR_OF_EXTENDED: readonly Pattern[] = [
  text('Status code: 404', new RegExp(`Status code: 404 for ${extendedAddress()}`)),
  text('[Errno 14]', new RegExp(String.raw`${extendedAddress()}(?=.{1,400}: \[Errno 14\] HTTPS? Error 404)`)),
];

function extendedAddress(): string {
  const release = String.raw`(?:(\d{1,2})/\2|/[\w-]{1,30}/(\d{1,2})/\3[A-Z]\w{1,20})/`;
  return String.raw`https?://cdn\.redhat\.com/content/(eus|aus|e4s|tus)/rhel${release}`;
}

/** A cloud's own repositories know their machines by a certificate, which a package of theirs renews. */
const CLOUD_CERTIFICATE = text(
  'certificate expired',
  /https?:\/\/([\w.-]{0,100}rhui[\w.-]{1,100})\/.{0,300}\balert certificate expired\b/,
);
/** Who shows none, or that of another cloud, is turned away; subscription-manager has no part in it. */
const CLOUD_REFUSES: readonly Pattern[] = [
  text('Status code: 40', /Status code: 40[13] for https?:\/\/([\w.-]{0,100}rhui[\w.-]{1,100})\//),
  text('[Errno 14]', /https?:\/\/([\w.-]{0,100}rhui[\w.-]{1,100})\/\S{1,300} \[Errno 14\] HTTPS? Error 40[13]/),
];
const NO_SUBSCRIPTION = text(
  'enterprise.proxmox.com',
  /https?:\/\/enterprise\.proxmox\.com\/\S{1,200} {1,3}(?:\S{1,40} ){0,2}401\b/,
);
/** The same kernels for everybody. */
const FOR_EVERYBODY = text('pve-no-subscription');
const PACMAN_BEHIND: readonly Pattern[] = [
  text('failed retrieving file', /failed retrieving file ["'](\S{1,200})["'] from \S{1,100} : .{0,60}\b404\b/),
  text('failed to commit transaction', /failed to commit transaction \(failed to retrieve some files\)/),
];
const PACMAN_KEYS: readonly Pattern[] = [
  text(' is unknown trust', /^error: (\S{1,80}): signature from ["'].{1,200}["'] is unknown trust/),
  text('corrupted package (PGP', /\((?:invalid or )?corrupted package \(PGP signature\)\)/),
];

/** Releases that end in an archive or are there: where a mirror has no such directory, it was taken away, and the name is right. */
const ARCHIVED = new RegExp(
  `^(?:sarge|etch|lenny|squeeze|wheezy|jessie|stretch|buster|bullseye|${UBUNTU_RELEASES.flatMap(({ codename, archive }) => (archive === 'old-releases' ? codename : [])).join('|')})(?:-|$)`,
);
/** The index of a suite is not there, as apt of before 1.1 says it. */
const NO_INDEX = text(
  'Failed to fetch',
  /Failed to fetch (https?:\/\/[^\s"']{1,200}?)\/?dists\/([a-z][a-z-]{2,30})\/\S{1,200} {1,3}404\b/,
);

interface Archive {
  /** Of the address of a source. */
  readonly form: RegExp;
  readonly host: string;
  /** Releases that are there; those of ARCHIVED where left out. */
  readonly suites?: RegExp;
  /** An expression for sed -E. */
  readonly move: string;
}

/** Where the vendor of a source keeps what is out of support. */
const ARCHIVES: readonly Archive[] = [
  {
    form: /\/\/(?!old-releases\.)[\w.-]+\.ubuntu\.com\/ubuntu(?:-ports)?(?:\/|$)/,
    host: 'old-releases.ubuntu.com',
    move: 's#https?://[a-z0-9.-]+[.]ubuntu[.]com/ubuntu(-ports)?(/| |$)#http://old-releases.ubuntu.com/ubuntu\\2#',
  },
  {
    form: /\/\/(?:(?!archive\.|snapshot\.)[\w.-]+\.debian\.org\/debian(?:-security)?(?:\/|$)|security\.debian\.org\/?$)/,
    host: 'archive.debian.org',
    move: 's#https?://[a-z0-9.-]+[.]debian[.]org/debian(-security)?(/| |$)#http://archive.debian.org/debian\\1\\2#; s#https?://security[.]debian[.]org/? #http://archive.debian.org/debian-security/ #',
  },
  {
    form: /\/\/(?:[\w-]+\.)?raspbian\.(?:raspberrypi\.)?(?:org|com)\/raspbian(?:\/|$)/,
    host: 'legacy.raspbian.org',
    suites: /^(?:wheezy|jessie|stretch|buster)$/,
    move: 's#https?://([a-z-]+[.])?raspbian[.](raspberrypi[.])?(org|com)/raspbian#http://legacy.raspbian.org/raspbian#',
  },
];

/** A key that signs a source, which this system does not have, or has as it was before its owner renewed it. */
const KEY_UNKNOWN: readonly Pattern[] = [
  text('NO_PUBKEY', /NO_PUBKEY (\w{8,40})/),
  text('EXPKEYSIG', /EXPKEYSIG (\w{8,40})/),
  text('KEYEXPIRED'),
];
/** What says whose it is. */
const UNTRUSTED_SOURCE: readonly Pattern[] = [
  text('GPG error', /GPG error: (https?:\/\/\S{1,200})/),
  text(' is not signed', /repository ["'](https?:\/\/\S{1,200}) .{0,100}["'] is not signed/),
];
/** The package of a distribution that brings its keys, by the address of the source. */
const KEYRINGS: readonly (readonly [RegExp, string])[] = [
  [/\/\/ddebs\.ubuntu\.com\b/, 'ubuntu-dbgsym-keyring'],
  [/\.ubuntu\.com\b/, 'ubuntu-keyring'],
  [/\.debian\.org\b/, 'debian-archive-keyring'],
  [/\.kali\.org\b/, 'kali-archive-keyring'],
  [/\braspbian\./, 'raspbian-archive-keyring'],
];
/** A mirror that was not renewed, or a release that is not any more. */
const LIST_EXPIRED = text(
  'is expired',
  /Release file for (https?:\/\/\S{1,250}) is expired \(invalid since (.{1,60}?)\)/,
);
/** What such a source is of a day, or of a release that is over. */
const FROZEN =
  /\/\/(?:snapshot[\w-]*|archive\.debian|old-releases|historical)\.|\/snapshots?\/|\/\d{8}T\d{6}Z?(?:\/|$)/;

/** An architecture that this archive does not have: Ubuntu keeps amd64 and i386 apart from all others. */
const ARCH_ELSEWHERE = text(
  '/binary-',
  /(https?:\/\/(?:[a-z0-9-]{1,60}\.){0,5}(?:archive|security|ports)\.ubuntu\.com\/(?:ubuntu\/dists\/\S{1,80}\/binary-(?!amd64|i386|all)|ubuntu-ports\/dists\/\S{1,80}\/binary-(?=amd64|i386))([a-z0-9]{3,10}))\/Packages\S* {1,3}404\b/,
);
const OTHER_ARCH_READ = text(' Packages', /^(?:Get|Hit) ?:\d{1,4} https?:\/\/\S{1,200} \S{1,60} (amd64|i386) Packages/);

/** A source that apt has read, of the vendor whose hosts are named so. */
const SOURCE_READ = text(
  'InRelease',
  /^\S{2,20} ?:\d{1,4} https?:\/\/(?:[\w.-]{1,100}\.)?(ubuntu\.com|debian\.org)\/\S{0,100} ([a-z]{3,20})(?:[-/]\S{1,40})? InRelease(?! *\[?404)/,
);
const OS_CODENAME = text('_CODENAME=', /^(UBUNTU|DEBIAN)_CODENAME=["']?([a-z]{3,20})/);
/** Hosts of CentOS that are no more since 2024-07-01, when the last release of it but Stream 9 had ended. */
const CENTOS_GONE: readonly Pattern[] = [
  text('mirrorlist.centos.org', /Could not (?:resolve host|retrieve mirrorlist)\b.{0,80}\bmirrorlist\.centos\.org\b/),
  text('mirror.centos.org', /Could not resolve host: ["']?mirror\.centos\.org\b/),
  text('mirror.centos.org', /Status code: 404 for https?:\/\/mirror\.centos\.org\//),
  text('mirror.centos.org', /https?:\/\/mirror\.centos\.org\/\S{1,300}: \[Errno 14\] HTTPS? Error 404/),
];
/** The last minor release of each major one: the directories of https://vault.centos.org. */
const CENTOS_LAST: Readonly<Record<string, string>> = { 5: '5.11', 6: '6.10', 7: '7.9.2009', 8: '8.5.2111' };
/** Who answers that a file is not there, has others. */
const ABSENT: readonly Pattern[] = [text('404  Not Found'), text('404 Not Found')];
const NO_ANSWER: readonly Pattern[] = [
  text('timed out'),
  text('Could not resolve'),
  text('Temporary failure resolving'),
  text('Could not connect'),
  text('Service Unavailable'),
  text('Bad Gateway'),
  text('Gateway Time'),
];
/** Suites of Debian by their state, which are asked for beside those with a code name. */
const BY_STATE = /^(?:sid|(?:old){0,2}stable|testing|unstable|experimental|rc)$/;
const NOT_READ = /^(?:Err|Ign|Fehl|Fout|Erro|Ошб|Игн|Проп|错误|忽略|エラー|無視)/;

const APT_SOURCES = '/etc/apt/sources.list /etc/apt/sources.list.d';

export const SOURCE_RULES: readonly Rule[] = [
  {
    code: 'REPO_MISCONFIGURED',
    patterns: KEY_UNKNOWN,
    hints: UNTRUSTED_SOURCE,
    grade: 'proves',
    cause: (match) => {
      const isExpired = match.lines.some(({ text: line }) => /EXPKEYSIG|KEYEXPIRED/.test(line));
      const id = match.captures.find(([key]) => key !== undefined)?.[0];
      const key = id === undefined ? 'a key' : `the key ${id}`;
      return `${untrustedSource(match) ?? 'A source'} is signed by ${key}, which ${isExpired ? 'has expired as this system has it: its owner renewed it, or changed keys' : 'this system does not have'}.`;
    },
    remedies: (_situation, match) => {
      const source = untrustedSource(match) ?? '';
      const keyring = KEYRINGS.find(([form]) => form.test(source))?.[1];
      const host = hostOf(source);
      return [
        keyring === undefined
          ? run(
              host === ''
                ? `grep -rs signed-by ${APT_SOURCES}`
                : shellLine`grep -rs ${host} /etc/apt/sources.list /etc/apt/sources.list.d`,
            )
          : install([keyring], 'toolchain'),
        CHECK_SOURCES,
        prepare(),
      ];
    },
    otherwise:
      'The key of any other vendor is a file on pages of its own, and belongs where "signed-by" of the source names it (else in /etc/apt/trusted.gpg.d); compare its fingerprint, and do not switch off signature checks.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [LIST_EXPIRED],
    grade: ({ captures }) => (captures.some(([source = '']) => FROZEN.test(source)) ? 'proves' : null),
    cause: ({ captures }) =>
      `${captures.find(([source = '']) => FROZEN.test(source))?.[0] ?? 'The list of a source'} shows what was there at some time and is never renewed, so that it is expired by nature: only its date has to be overlooked, and its signature counts.`,
    remedies: () => [runAsRoot('apt-get -o Acquire::Check-Valid-Until=false update'), prepare()],
    otherwise:
      'To stay, the line "Acquire::Check-Valid-Until "false";" belongs in a file of /etc/apt/apt.conf.d; mmdebstrap takes it as --aptopt, and a source itself as [check-valid-until=no].',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [LIST_EXPIRED],
    grade: ({ captures }) => (captures.every(([source = '']) => FROZEN.test(source)) ? null : 'points'),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The list of a source'} was valid until ${groups[1] ?? 'some time'} ago by this clock: the mirror was not renewed since, or its release is not any more, or the clock is ahead.`,
    remedies: (_situation, { groups }) => [
      run('date -u'),
      run(shellLine`grep -rs ${hostOf(groups[0] ?? '')} /etc/apt/sources.list /etc/apt/sources.list.d`),
      CHECK_SOURCES,
    ],
    otherwise:
      'Where the clock is right, name another mirror, or the distribution\'s own server, in the file that the second command shows. What is archived is never renewed: there "-o Acquire::Check-Valid-Until=false" is for apt-get update.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [NO_RELEASE_FILE, NO_INDEX],
    grade: (match) => (archiveOf(match) === null ? null : 'proves'),
    cause: (match) =>
      `${match.captures.find(([, suite]) => suite !== undefined)?.[1] ?? 'This release'} is out of support and left the mirrors: ${archiveOf(match)?.host ?? 'an archive'} has it.`,
    remedies: (_situation, match) => [
      runAsRoot(
        shellText`sed -i -E ${quoteWord(archiveOf(match)?.move ?? '')} $(grep -rlsE '(ubuntu|debian|raspbian|raspberrypi)[.](com|org)' ${APT_SOURCES})`,
      ),
      CHECK_SOURCES,
      prepare(),
    ],
    otherwise:
      'What is archived is not signed anew: where apt then says that a Release file is expired, add "-o Acquire::Check-Valid-Until=false" to apt-get update. A suite that the archive does not have, such as one of updates, can be taken out.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [NO_RELEASE_FILE],
    hints: [SOURCE_READ, OS_CODENAME, ...ABSENT, ...NO_ANSWER],
    // A server that gives no answer says nothing of its suites.
    grade: (match) =>
      foreignSuite(match) !== null && ABSENT.some(match.seen) && !NO_ANSWER.some(match.seen) ? 'proves' : null,
    cause: (match) => {
      const { host, wrong, right } = foreignSuite(match) ?? { host: '', wrong: '', right: '' };
      return `${wrong} is a code name that ${host} does not know: this system has its packages from the release that is called ${right} there.`;
    },
    remedies: (_situation, match) => {
      const { host, wrong, right } = foreignSuite(match) ?? { host: '', wrong: '', right: '' };
      // One line a source, or a paragraph of fields.
      const rename = String.raw`s/\b${wrong}\b/${right}/g`;
      const place = host.replaceAll('.', '[.]');
      return [
        runAsRoot(
          shellText`sed -i -e ${quoteWord(`/^ *deb.*${place}/ ${rename}`)} -e ${quoteWord(`/^URIs:.*${place}/,/^$/ ${rename}`)} $(grep -rlsF ${quoteWord(host)} ${APT_SOURCES})`,
        ),
        CHECK_SOURCES,
        prepare(),
      ];
    },
    otherwise:
      'In the file that names the source the name of the parent has to stand: /etc/os-release has it as UBUNTU_CODENAME or DEBIAN_CODENAME, where "lsb_release -cs" prints that of the derivative.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: CENTOS_GONE,
    grade: 'proves',
    cause: ({ situation }) =>
      `CentOS ${majorOf(situation) ?? 'Linux'} has ended, and the hosts that its sources name are no more: vault.centos.org has its packages.`,
    remedies: (situation) => [
      runAsRoot(shellText`sed -i -E ${quoteWord(toVault(situation))} /etc/yum.repos.d/CentOS-*.repo`),
      CHECK_SOURCES,
      prepare(),
    ],
    otherwise:
      'The vault has each minor release in a directory of its own: packages of a kernel that is older than the last one are in that of its release, where tapprep looks by itself.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [ARCH_ELSEWHERE],
    hints: [OTHER_ARCH_READ],
    // What is archived is at no port either.
    grade: ({ groups }) => (ARCHIVED.test(/\/dists\/([a-z]+)/.exec(groups[0] ?? '')?.[1] ?? '') ? null : 'proves'),
    cause: ({ groups }) =>
      `The archive at ${hostOf(groups[0] ?? '')} has no packages of ${groups[1] ?? 'this architecture'}: Ubuntu keeps them at ${isOfPorts(groups[1]) ? 'ports.ubuntu.com' : 'archive.ubuntu.com'}.`,
    remedies: (situation, match) => [...moveToPorts(situation, match), CHECK_SOURCES, prepare()],
    otherwise:
      'An image for several architectures asks the archive that "dpkg --print-architecture" wants, in each of them.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: REFUSED_KEY,
    grade: (match) => (match.lines.some((line) => /key|[sS]ignature/i.test(line.text)) ? 'proves' : null),
    cause: () =>
      'The key of this source is bound to its owner by SHA-1 signatures, which the cryptographic policy of this system refuses: the packages may be right, and their vendor has to issue the key anew.',
    remedies: () => [run('update-crypto-policies --show'), run("grep -rh '^gpgkey' /etc/yum.repos.d")],
    otherwise:
      'Take the key that the vendor has issued since (rpm --import ADDRESS), or the newer release package with it. Do not switch off signature checks.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: OTHER_KEY,
    hints: REFUSED_KEY,
    grade: ({ seen }) => (REFUSED_KEY.some(seen) ? null : 'points'),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The package'} is signed by a key that this system does not have: its vendor changed keys, and the file that the source names holds an older one.`,
    remedies: ({ distribution, log }) => [importKey(distribution, log.distributionVersion), prepare()],
    otherwise:
      'The vendor names its current key on pages of its own; compare the fingerprint before it is imported, and do not switch off signature checks.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: INDEX_BEHIND,
    hints: INDEX_ABSENT,
    grade: ({ seen }) => (INDEX_ABSENT.some(seen) ? null : 'points'),
    cause: ({ groups }) =>
      `The index that is kept here, or by a proxy on the way, names another ${groups[0] ?? 'package'} than the mirror has now.`,
    remedies: (situation) => [runAsRoot(cleanAll(situation)), install(situation.packages.devel, 'kernel'), prepare()],
    otherwise:
      'Where it comes back with a fresh index, the mirror or a proxy in between is at fault: try another mirror.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: MAJOR_OF_EXTENDED,
    grade: 'proves',
    cause: ({ groups: [kind = '', eight, seven], situation }) =>
      `${kind.toUpperCase()} repositories of Red Hat are of one minor release each, and this one was asked for ${eight ?? seven ?? ''}: the minor release of this system${minorOf(situation) === null ? '' : `, ${minorOf(situation)},`} is not set.`,
    remedies: (situation) => [
      runAsRoot('subscription-manager release --list'),
      ...setMinor(minorOf(situation)),
      runAsRoot(cleanAll(situation)),
      CHECK_SOURCES,
    ],
    otherwise:
      'The first command lists what the subscription has, and "subscription-manager release --set" takes one of them: that of /etc/redhat-release, whose kernel runs here.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [CLOUD_CERTIFICATE, ...CLOUD_REFUSES],
    grade: 'proves',
    cause: ({ groups, seen }) =>
      `${groups[0] ?? 'The repository'} knows machines by a client certificate, and ${seen(CLOUD_CERTIFICATE) ? 'that of this one has expired' : 'turns this one away'}.`,
    remedies: (_situation, { groups }) =>
      groups[0]?.endsWith('.microsoft.com') === true
        ? [runAsRoot("yum update -y --disablerepo='*' --enablerepo='*microsoft*'"), CHECK_SOURCES]
        : [run("rpm -qa '*rhui*'"), CHECK_SOURCES],
    otherwise:
      'The package with "rhui" in its name brings the certificate: a newer one of the cloud that this machine is in renews it. No registration is missing.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: [NO_SUBSCRIPTION],
    hints: [FOR_EVERYBODY],
    grade: ({ seen }) => (seen(FOR_EVERYBODY) ? null : 'proves'),
    cause: () =>
      'enterprise.proxmox.com only serves who has a subscription (401), and no other source of Proxmox is seen: the one without subscription has the same kernels.',
    remedies: () => [
      runAsRoot(
        `sh -c '. /etc/os-release; echo "deb http://download.proxmox.com/debian/pve $VERSION_CODENAME pve-no-subscription" > /etc/apt/sources.list.d/pve-no-subscription.list'`,
      ),
      CHECK_SOURCES,
      prepare(),
    ],
    otherwise: 'The source that answers 401 can be switched off in /etc/apt/sources.list.d.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: UNTRUSTED_ISSUER,
    grade: ({ seen, lines }) =>
      [...BROKEN, ...NOT_FOUND_PATTERNS].some(seen) || lines.some((line) => OF_A_SOURCE.test(line.text))
        ? 'points'
        : null,
    cause: () =>
      'The certificate of the source was issued by nobody whom this system trusts: most often a proxy reads along and shows one of its own. No package mends that.',
    remedies: (situation) => [...trustIssuer(situation), CHECK_SOURCES],
    otherwise:
      'CA.crt is the certificate of whoever runs that proxy or server, from there and not from the connection. In an image it has to be copied in before the packages are asked for.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: PACMAN_KEYS,
    grade: 'points',
    cause: () => 'The keys of the packagers that are kept here are older than the packages.',
    remedies: ({ release }) => [
      runAsRoot(`pacman -Sy --needed archlinux-keyring${/MANJARO/.test(release ?? '') ? ' manjaro-keyring' : ''}`),
      runAsRoot('pacman -Syu'),
      REBOOT,
    ],
    otherwise: 'Where a file alone is damaged, delete it from /var/cache/pacman/pkg, and pacman fetches it again.',
  },
  {
    code: 'REPO_MISCONFIGURED',
    patterns: PACMAN_BEHIND,
    hints: PACMAN_KEYS,
    grade: ({ seen }) => (PACMAN_KEYS.some(seen) ? null : 'points'),
    cause: ({ groups }) =>
      `The package list that pacman keeps here is older than the mirror, which does not have ${groups[0] ?? 'what it names'} any more.`,
    remedies: () => [runAsRoot('pacman -Syu'), REBOOT],
    otherwise:
      'The headers come with the newest kernel of that line, so both are upgraded together; pacman -Sy alone would only bring one of them.',
  },
];

/** The vendor's archive, where it is certain that the release is there. */
function archiveOf({ captures }: Match): Archive | null {
  for (const [address = '', suite = ''] of captures) {
    const archive = ARCHIVES.find(({ form }) => form.test(address));
    if (archive !== undefined && (archive.suites ?? ARCHIVED).test(suite)) return archive;
  }
  return null;
}

function setMinor(minor: string | null): readonly Remedy[] {
  return minor === null ? [] : [runAsRoot(shellLine`subscription-manager release --set=${minor}`)];
}

/** The minor release of Enterprise Linux that a kernel says it was built for. */
function minorOf({ release }: Situation): string | null {
  const [, major, minor] = /\.el(\d{1,2})_(\d{1,2})(?=\.|\+|$)/.exec(release ?? '') ?? [];
  return major === undefined || minor === undefined ? null : `${major}.${minor}`;
}

/** The major release, which a log has by its kernel where by nothing else. */
function majorOf({ log }: Situation): string | null {
  return /^\d+/.exec(log.distributionVersion ?? '')?.[0] ?? null;
}

/** An expression for sed -E, for the files as the release packages of CentOS bring them. */
function toVault(situation: Situation): string {
  const last = CENTOS_LAST[majorOf(situation) ?? ''];
  const move = 's!^#? *baseurl=http://mirror[.]centos[.]org/!baseurl=http://vault.centos.org/!; s!^mirrorlist=!#&!';
  return last === undefined
    ? move
    : `${move}; s!(vault[.]centos[.]org)/([$]contentdir|centos)/[$]releasever/!\\1/${last}/!`;
}

function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/[/:].*$/, '');
}

/** A code name of the vendor whose hosts end so. */
interface Suite {
  readonly vendor: string;
  readonly suite: string;
}

/** A suite that a vendor does not have, where others of that vendor were read: it has the name of a derivative's release. */
function foreignSuite({
  captures,
  linesOf,
}: Match): { readonly host: string; readonly wrong: string; readonly right: string } | null {
  const read = linesOf(SOURCE_READ).flatMap(({ text: line }) => {
    const [, vendor, suite] = NOT_READ.test(line) ? [] : (SOURCE_READ.regex?.exec(line) ?? []);
    return vendor === undefined || suite === undefined ? [] : [{ vendor, suite }];
  });
  const told = linesOf(OS_CODENAME).flatMap(({ text: line }) => {
    const [, vendor, suite] = OS_CODENAME.regex?.exec(line) ?? [];
    return suite === undefined ? [] : [{ vendor: vendor === 'UBUNTU' ? 'ubuntu.com' : 'debian.org', suite }];
  })[0];
  for (const [address = '', suite = ''] of captures) {
    const host = hostOf(address);
    const wrong = suite.replace(/-.*$/, '');
    const isOfVendor = (one?: Suite): boolean => one !== undefined && host.endsWith(one.vendor);
    const own = read.filter(isOfVendor);
    const right = told?.suite ?? own[0]?.suite;
    // Debian's debug archive has suites of names of its own.
    const isKnown =
      own.some((one) => one.suite === wrong) ||
      ARCHIVED.test(wrong) ||
      BY_STATE.test(wrong) ||
      address.includes('-debug');
    const isHost = /^\w[\w.-]*$/.test(host);
    if (isHost && right !== undefined && (own.length > 0 || isOfVendor(told)) && !isKnown && right !== wrong)
      return { host, wrong, right };
  }
  return null;
}

function isOfPorts(arch = ''): boolean {
  return !/^(?:amd64|i386)$/.test(arch);
}

/** All sources where the system itself is of that architecture; else those of that one alone get another address. */
function moveToPorts({ log, arch: machine }: Situation, { groups, seen }: Match): readonly Remedy[] {
  const arch = groups[1] ?? '';
  const own = log.dpkgArch ?? findArchitecture(machine ?? '')?.deb ?? (seen(OTHER_ARCH_READ) ? 'amd64' : arch);
  if (own !== arch && isOfPorts(arch)) {
    const suite = /\/dists\/([a-z]+)/.exec(groups[0] ?? '')?.[1] ?? 'SUITE';
    const line = `deb [arch=${arch}] http://ports.ubuntu.com/ubuntu-ports %s main universe\\n`;
    return [
      runAsRoot(
        shellText`sed -i -E ${quoteWord(`/[.]ubuntu[.]com/ { s#^deb (https?://)#deb [arch=${own}] \\1#; /arch=/! s#^deb \\[#deb [arch=${own} #; s#^(URIs: .*/ubuntu/?)$#\\1\\nArchitectures: ${own}# }`)} $(grep -rlsF .ubuntu.com ${APT_SOURCES})`,
      ),
      runAsRoot(
        shellLine`sh -c ${`printf "${line}" ${suite} ${suite}-updates ${suite}-security > /etc/apt/sources.list.d/ports.list`}`,
      ),
    ];
  }
  const [from, to] = isOfPorts(arch)
    ? (['/ubuntu(/| |$)', 'ports.ubuntu.com/ubuntu-ports'] as const)
    : (['/ubuntu-ports(/| |$)', 'archive.ubuntu.com/ubuntu'] as const);
  return [
    runAsRoot(
      `sed -i -E 's#https?://[a-z0-9.-]*(archive|security|ports)[.]ubuntu[.]com${from}#http://${to}\\2#' $(grep -rlsF .ubuntu.com ${APT_SOURCES})`,
    ),
  ];
}

/** The address of the source whose signature was not taken. */
function untrustedSource({ linesOf }: Match): string | null {
  for (const pattern of UNTRUSTED_SOURCE) {
    const found = pattern.regex?.exec(linesOf(pattern)[0]?.text ?? '')?.[1];
    if (found !== undefined) return found;
  }
  return null;
}

/** AlmaLinux changed the key of release 8 in 2024, and said itself how the new one is had. */
function importKey(distribution: string | null, version: string | null): Remedy {
  return distribution === 'almalinux' && version === '8'
    ? runAsRoot('rpm --import https://repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux')
    : run("rpm -q gpg-pubkey --qf '%{version} %{summary}\\n'");
}

function cleanAll({ place }: Situation): ShellText {
  return asksZypper(place)
    ? shellText`zypper clean --all`
    : shellText`${place.manager === 'yum' ? 'yum' : 'dnf'} clean all`;
}

/** Where each family keeps the issuers that somebody added, and what takes them in. */
const STORES = {
  deb: ['/usr/local/share/ca-certificates/', 'update-ca-certificates'],
  rpm: ['/etc/pki/ca-trust/source/anchors/', 'update-ca-trust'],
  suse: ['/etc/pki/trust/anchors/', 'update-ca-certificates'],
} as const;

function trustIssuer({ place, system }: Situation): readonly Remedy[] {
  const [directory, update] = STORES[asksZypper(place) ? 'suse' : (system?.family ?? 'deb')];
  return [runAsRoot(shellLine`cp CA.crt ${directory}`), runAsRoot(update)];
}
