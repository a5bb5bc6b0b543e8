/** Symptoms of users, groups and places to write to. */
import { patternsOf } from '../package-manager/templates.ts';
import { MORE_ROOM, NO_ROOM } from '../package-manager/translations.ts';
import { TRANSLATED } from '../strerror.ts';
import { run, runAsRoot } from '../../make-remedy.ts';
import type { Remedy } from '../../types.ts';
import { shellLine, shellText } from '../../shell-words.ts';
import type { LogFacts } from '../log-facts.ts';
import { text, type Match, type Pattern, type Rule } from '../rule.ts';
import { KBUILD, NO_MEMORY, PASS4 } from './pass-4.ts';
import { FOR_A_KERNEL } from './toolchain.ts';

const NORMAL_USER: readonly Pattern[] = [
  text('run systemtap as a normal user'),
  text('spustit systemtap jako běžný uživatel'),
  text('be part of the group "stapusr"'),
  text('be part of group "stapusr"'),
  text('adduser ', /(?:Be root or )?adduser \S{1,64} stap(?:usr|dev|sys)/),
  text('was automatically selected because you are a member'),
  text('bude automaticky použito', /bude automaticky použito --privilege=stap/),
  text('privilege credentials', /privilege credentials \(.{1,60}\) are insufficient/),
  text('can only use unsigned modules within'),
  text('can only use modules within'),
  text('signed by a trusted systemtap compile-server'),
  text('--privilege=', /You can't specify \S{1,40} and --privilege=\S{1,40} together/),
  text('Permission denied', /(?:^|[\s/:])(?:staprun|stapio)["']?: Permission denied/),
  text('not in the group', /not in the group ["']?stap(?:usr|dev|sys)/),
];
/** What id answers. */
const IN_STAPUSR = text('(stapusr)', /^uid=\d(?!.{0,600}\(stapdev\)).{0,600}\(stapusr\)/);
/** The module itself, of the memory that -s asks for. */
const BUFFERS_TOO_BIG = text(
  'Not enough free+buffered memory',
  /Not enough free\+buffered memory(?:\((\d{1,9})MB\) for log buffer\((\d{1,9})MB\))?/,
);
/** Who asks, and which groups that session has. */
const WHO = text(' groups=', /^uid=\d{1,10}\((\w[\w.-]{0,64})\)/);
/** What getent or the file of groups says. */
const MEMBERS: readonly Pattern[] = ['stapusr:', 'stapdev:'].map((words) =>
  text(words, /^(stapusr|stapdev):[^:]{0,40}:\d{1,10}:([\w.,@-]{0,400})$/),
);

/** A user who is a member by now, and was none when the session began; null for any other. */
function memberSinceLogin({ linesOf }: Match): string | null {
  const session = linesOf(WHO).at(-1)?.text ?? '';
  const user = WHO.regex?.exec(session)?.[1] ?? null;
  const shown = MEMBERS.flatMap((pattern) => linesOf(pattern).map((line) => pattern.regex?.exec(line.text)));
  // Of each group that is shown, for staprun wants both.
  const isMember = shown.every((found) => found?.[2]?.split(',').includes(user ?? '') === true);
  const isNew = shown.every((found) => !session.includes(`(${found?.[1] ?? ''})`));
  return shown.length > 0 && isMember && isNew ? user : null;
}

const NO_TMP = text(
  'cannot create temporary directory',
  /cannot create temporary directory \(?["']?\s?([^"')]{0,300}?)\s?["')]/,
);
const OVER_QUOTA: readonly Pattern[] = ['Disk quota exceeded', ...TRANSLATED.EDQUOT].map((words) => text(words));
const FULL: readonly Pattern[] = [
  text('No space left on device'),
  ...TRANSLATED.ENOSPC.map((words) => text(words)),
  ...OVER_QUOTA,
  text('enough free space in', /You don't have enough free space in (\S{1,200})/),
  text('more space needed on the', /At least (\S{1,20} ?[KMG]?B) more space needed on the (\S{1,200})/),
  text(
    'installing package ',
    /installing package \S{1,200} needs (\S{1,20}) (?:more space )?on the (\S{1,200}) filesystem/,
  ),
  ...patternsOf([...NO_ROOM, ...MORE_ROOM]),
  text('printf: I/O error'),
  text('echo: write error'),
  text('not enough space'),
  text('insufficient space'),
];

/** What the package manager counts before it begins: no other directory helps, only room in this one. */
const PACKAGES_DO_NOT_FIT: readonly Pattern[] = [
  text('enough free space in', /You don't have enough free space in (\/\S{0,199}?)\.?$/),
  ...patternsOf([...NO_ROOM, ...MORE_ROOM]),
  text('more space needed on the', /At least (\S{1,20} ?[KMG]?B) more space needed on the (\S{1,200})/),
  text(
    'installing package ',
    /installing package \S{1,200} needs (\S{1,20}?)(?: more space)? on the (\S{1,200}) filesystem/,
  ),
  text('Disk Requirements', /Disk Requirements:/),
  text('Not enough disk space', /Not enough disk space|not enough space in download directory/i),
  text('Insufficient space in download directory', /Insufficient space in download directory (\/\S{1,200})/),
];

/** Where the files of packages go, which is never TMPDIR's choice: the group is a path of that file system. */
const WRITTEN_BY_PACKAGES: readonly Pattern[] = [
  // In any language: dpkg unpacks to NAME.dpkg-new.
  text('.dpkg-new', /["'\u201e\u201c\u201d\u00ab] ?(\/\S{1,300}?)\.dpkg-new\b/),
  text('unable to create ', /unable to create ["'](\/\S{1,200}?)["']? \(while processing/),
  text('cannot copy extracted data', /cannot copy extracted data for \S{1,200} to ["'](\/\S{1,200}?)["']/),
  text('unpacking of archive failed', /unpacking of archive failed on file (\/\S{1,200}?)[;:]/),
  text('Generating /boot/', /(?:update-initramfs|dracut|mkinitcpio)\S{0,20}:? .{0,40}Generating (\/boot\/)/),
  text('error writing', /(?:cp|dd|cpio|install): error writing ["'`](\/[^"'`]{1,200})/),
  text('failed for /boot/', /update-initramfs: failed for (\/boot\/)/),
];

/** What dpkg, rpm or cp write below the places of packages, on a file system that cannot be written to. */
const READ_ONLY = text(
  'Read-only file system',
  /["'`\s(]\.?(\/(?:lib\/modules|usr|boot)(?=\/)[^\s"'`;:]{0,200})["'`)]?(?:[;:\s].{0,120}?)?[:-] ?Read-only file system/,
);
/** Who unpacks a package, or where a kernel's packages go. */
const OF_PACKAGES =
  /\b(?:dpkg|rpm|yum|dnf|zypper|cpio|unpacking of archive|clean up mess)\b|\.dpkg-new\b|\/lib\/modules\b|\/boot\/(?:vmlinu|initr|config-|System\.map)|\/usr\/(?:src|lib\/debug)\b/;
/** Of compressors, which do not say why. */
const WRITE_ERROR = text('Write error', /Write error\s?: cannot write|\(stdout\): Write error/);

/** Words of those who compile, unpack or install. */
const OF_A_BUILD =
  /stap|kbuild|\/tmp|rpm|yum|dnf|zypper|apt|dpkg|cpio|kernel|filesystem|initr|dracut|depmod|dkms|\bmake\b|\btar\b|gzip|zstd|ld:|cc1|\.ko?\b|\.o\b/i;

/** A file of a package is /usr's or /boot's, and its own directory may not be there yet. */
function fileSystemOf(path: string): string {
  return /^\/[\w.-]+/.exec(path)?.[0] ?? '/';
}

/** A directory that is there, whatever of the package is not. */
function placeOfPackages(path = '/'): string {
  return /^\/(?:lib\/modules|usr|boot)/.exec(path)?.[0] ?? '/';
}

function freeRoom(path: string): readonly Remedy[] {
  return [run(shellLine`df -h ${path}`), run(shellLine`du -xh --max-depth=2 ${path} | sort -h | tail -n 20`)];
}

/** Whether df -i shows that the file system of a path is full of files. */
function hasNoInode({ fullOfInodes }: LogFacts, path: string): boolean {
  return fullOfInodes.some((mount) => mount === '/' || path === mount || path.startsWith(`${mount}/`));
}

function isAllReadOnly(lines: Match['lines']): boolean {
  return lines.every((line) => line.text.includes('Read-only file system'));
}

function freeInodes(path: string): readonly Remedy[] {
  return [run(shellLine`df -i ${path}`), run(shellLine`du -x --inodes --max-depth=2 ${path} | sort -n | tail -n 20`)];
}

/** The home directory is refused as well, where TMPDIR would go otherwise. */
const HOME_READ_ONLY: readonly Pattern[] = [
  text('failed to create systemtap data directory', /data directory .{1,200}Read-only file system/),
  text('readOnlyRootFilesystem', /readOnlyRootFilesystem["']?: ?true/),
];

export const PERMISSION_RULES: readonly Rule[] = [
  {
    code: 'PERM_GROUPS',
    patterns: NORMAL_USER,
    hints: [WHO, ...MEMBERS],
    grade: (match) => (memberSinceLogin(match) === null ? null : 'proves'),
    cause: (match) =>
      `${memberSinceLogin(match) ?? 'The user'} is in the groups by now, and this session began before that: it has none of them.`,
    remedies: (_situation, match) => [run(shellLine`su - ${memberSinceLogin(match) ?? 'USER'}`)],
    otherwise: 'Or log out and in again; services and desktops keep their groups until they are started anew.',
  },
  {
    code: 'PERM_GROUPS',
    patterns: NORMAL_USER,
    grade: (match) => {
      if (memberSinceLogin(match) !== null) return null;
      const { lines } = match;
      return lines.some((line) => /adduser/.test(line.text)) && lines.length === 1 ? 'points' : 'proves';
    },
    hints: [IN_STAPUSR],
    cause: ({ situation, seen }) => {
      const user = situation.host?.user;
      if (user === undefined && seen(IN_STAPUSR))
        return 'The user is in stapusr, which may load what an administrator put into the module directory; compiling and running a script needs stapdev as well.';
      return user === undefined || user.uid === 0
        ? 'The user is not root and in none of the groups that SystemTap asks for: stapusr to load, stapdev to load what was compiled here.'
        : `User ${user.name ?? String(user.uid)} is in ${user.groups.filter((group) => group.startsWith('stap')).join(', ') || 'none of stapusr, stapsys and stapdev'}, but running a script needs stapusr and stapdev.`;
    },
  },
  {
    code: 'NO_SPACE',
    patterns: [NO_TMP],
    hints: HOME_READ_ONLY,
    grade: ({ seen, lines }) => (isAllReadOnly(lines) && HOME_READ_ONLY.some(seen) ? 'proves' : null),
    cause: () =>
      'stap can write neither to /tmp nor to the home directory: the root file system is mounted read-only, and nothing that can be written to lies above these two.',
    remedies: () => [runAsRoot('mount -t tmpfs tmpfs /tmp')],
    otherwise:
      'It lasts as long as the container. In the definition of a pod an emptyDir volume at /tmp does the same, and "--tmpfs /tmp:exec" for docker and podman.',
  },
  {
    code: 'NO_SPACE',
    patterns: [NO_TMP],
    hints: HOME_READ_ONLY,
    grade: ({ seen, lines }) => (isAllReadOnly(lines) && HOME_READ_ONLY.some(seen) ? null : 'proves'),
    cause: ({ groups }) =>
      `stap cannot make its temporary directory ${groups[0] ?? ''}: TMPDIR is missing, full or not writable.`.replace(
        '  ',
        ' ',
      ),
  },
  {
    code: 'NO_SPACE',
    patterns: PACKAGES_DO_NOT_FIT,
    grade: 'proves',
    cause: ({ groups }) => {
      const place = groups.find((group) => group?.startsWith('/') === true) ?? 'the file system of the packages';
      const size = groups.find((group) => group !== undefined && /^\d/.test(group));
      return `${place} has no room for the packages${size === undefined ? '' : `: ${size} are missing there`}.`;
    },
    remedies: (_situation, { groups }) => freeRoom(groups.find((group) => group?.startsWith('/') === true) ?? '/'),
  },
  {
    code: 'NO_SPACE',
    patterns: WRITTEN_BY_PACKAGES,
    grade: ({ seen }) => (FULL.some(seen) ? 'proves' : null),
    cause: ({ groups, situation }) =>
      hasNoInode(situation.log, groups[0] ?? '/')
        ? `The file system of ${fileSystemOf(groups[0] ?? '/')} has no inode left for what the packages put there: it holds too many files, whatever room there is.`
        : `${fileSystemOf(groups[0] ?? '/')} has no room for what the packages put there.`,
    remedies: ({ log }, { groups }) =>
      hasNoInode(log, groups[0] ?? '/')
        ? freeInodes(fileSystemOf(groups[0] ?? '/'))
        : freeRoom(fileSystemOf(groups[0] ?? '/')),
  },
  {
    code: 'NO_SPACE',
    patterns: [text('Failed writing', /[Cc]url(?: error)?[ #]?\(?23\)?\b.{0,20}Failed writing/)],
    grade: 'points',
    cause: () => 'A download could not be written: the file system of the package cache has no room, or is read-only.',
    remedies: () => freeRoom('/var/cache'),
  },
  {
    code: 'NO_SPACE',
    patterns: [text('mkinitramfs failure', /mkinitramfs failure.{0,200}\b(?:gzip|zstd|lz4|xz|cpio)\b/)],
    hints: [WRITE_ERROR],
    grade: ({ seen }) => (seen(WRITE_ERROR) ? 'points' : null),
    cause: () => '/boot has no room for the initramfs that is made there.',
    remedies: () => freeRoom('/boot'),
  },
  {
    code: 'NO_SPACE',
    patterns: FULL,
    grade: ({ lines, situation, seen }) => {
      if (lines.some((line) => OF_A_BUILD.test(line.text))) return 'proves';
      // Any program can fill a disk.
      return situation.release !== null || situation.log.commandSeen || seen(PASS4) || seen(KBUILD) ? 'points' : null;
    },
    cause: ({ seen }) =>
      OVER_QUOTA.some(seen) ? 'The quota of the user is used up.' : 'A file system that the run writes to is full.',
  },
  {
    code: 'NO_SPACE',
    patterns: [text('Safety pattern mismatch', /Safety pattern mismatch for (\S{1,40}) \(["'](.{1,200}?)["'] vs/)],
    grade: 'points',
    cause: ({ groups }) =>
      `${groups[0] ?? 'TMPDIR'} is "${groups[1] ?? ''}", and stap only accepts paths of letters, digits and -/._ there.`,
    remedies: () => [
      run('mkdir -p /var/tmp/stap'),
      { kind: 'set-variable', by: 'user', name: 'TMPDIR', value: shellText`/var/tmp/stap` },
    ],
  },
  {
    code: 'NO_SPACE',
    patterns: [READ_ONLY],
    grade: ({ lines }) => (lines.some((line) => OF_PACKAGES.test(line.text)) ? 'points' : null),
    cause: ({ groups }) =>
      `${placeOfPackages(groups[0])} is on a file system that is mounted read-only, so that no package can put its files there.`,
    remedies: (_situation, { groups }) => [run(shellLine`findmnt -T ${placeOfPackages(groups[0])}`)],
    otherwise: 'Who mounts it so, such as the host of a virtual machine or an image, has to bring the packages.',
  },
  {
    code: 'NO_SPACE',
    patterns: [
      text('Read-only file system', /(?:stap|\/tmp|\.systemtap|TMPDIR).{0,200}Read-only file system/),
      text('disabling cache support', /failed to create systemtap data directory ["'](.{1,200}?)["']/),
    ],
    // Without its cache stap goes on.
    grade: ({ lines, situation }) => {
      if (!lines.every((line) => line.text.includes('disabling cache'))) return 'points';
      return situation.log.succeeded ? null : 'allows';
    },
    cause: () => 'A directory that stap writes to is on a read-only file system or belongs to someone else.',
  },
  {
    code: 'NO_SPACE',
    patterns: NO_MEMORY,
    hints: FOR_A_KERNEL,
    grade: ({ seen, situation }) => {
      if (seen(BUFFERS_TOO_BIG)) return null;
      return FOR_A_KERNEL.some(seen) || situation.log.commandSeen ? 'points' : null;
    },
    cause: ({ groups, lines }) =>
      lines.some((line) => /stap\w{0,80}\.ko["']?: /.test(line.text))
        ? 'The kernel has no memory for the module, whose arrays are made when it is loaded: MAXMAPENTRIES, or the sizes in the script, ask for too much.'
        : `Memory ran out while the module was compiled, and ${groups[0] ?? 'the compiler'} was ended.`,
    remedies: () => [run('free -m'), run('dmesg | grep -i "out of memory"')],
  },
  {
    code: 'NO_SPACE',
    patterns: [BUFFERS_TOO_BIG],
    grade: 'points',
    cause: ({ groups: [free, wanted] }) =>
      wanted === undefined
        ? 'There is not enough memory for the buffers of the module; "stap -s 1" asks for less.'
        : `The buffers of the module would take ${wanted} MB, and ${free ?? '0'} MB are free: "stap -s 1" asks for 1 MB a processor, and any number may stand there that fits.`,
    remedies: () => [run("stap -s 1 -v -e 'probe begin { exit() }'")],
  },
];
