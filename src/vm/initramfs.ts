/** The guest's whole file system: busybox, staprun with its libraries, the modules, and init. */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { assetUrl } from '../host/asset.ts';
import { TapprepError } from '../errors.ts';
import { packCpio } from './cpio.ts';
import type { CpioEntry } from './cpio.ts';
import type { VmJob } from './job.ts';
import type { GuestFile } from './library-closure.ts';
import type { ReportPort } from './machines.ts';
import { quoteCommand, shellLine } from '../shell-words.ts';
import type { GuestStaprun } from './staprun.ts';

export interface InitramfsSpec {
  readonly nonce: string;
  readonly report: Pick<ReportPort, 'device' | 'major' | 'minor'>;
  readonly busybox: string;
  readonly staprun: GuestStaprun;
  readonly jobs: readonly VmJob[];
  /** Kernel modules to load first, in this order. */
  readonly kernelModules: readonly KernelModule[];
  /** Other files that jobs need. */
  readonly files: readonly GuestFile[];
  /** Shell text run once before the first job. */
  readonly setup: string | null;
}

/** A kernel module ready for insmod: plain ELF. */
export interface KernelModule {
  readonly name: string;
  readonly data: Uint8Array;
}

const MAX_FILE_BYTES = 256 * 1024 * 1024;
const ACCOUNTS = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n';
const GROUPS = 'root:x:0:\nstapusr:x:156:\nstapsys:x:157:\nstapdev:x:158:\nnogroup:x:65534:\n';
const DIRECTORIES = ['bin', 'dev', 'etc', 'jobs', 'proc', 'root', 'sys', 'tmp', 'usr', 'work'];

/**
 * Writes the archive to `path`, uncompressed: an emulated processor takes longer to unpack it than QEMU to load it.
 * @throws TapprepError USAGE for a job that cannot be one, TOO_LARGE
 */
export async function writeInitramfs(spec: InitramfsSpec, path: string): Promise<void> {
  const entries = withDirectories(await collectEntries(spec));
  const file = await open(path, 'wx', 0o600);
  try {
    for (const piece of packCpio(entries)) if (piece.length > 0) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

async function collectEntries(spec: InitramfsSpec): Promise<readonly CpioEntry[]> {
  const entries: CpioEntry[] = [
    // Before init has mounted anything its own output needs a console.
    { kind: 'device', path: '/dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'device', path: '/dev/null', mode: 0o666, major: 1, minor: 3 },
    textFile('/init', readFileSync(assetUrl('vm/init.sh'), 'utf8'), 0o755),
    textFile('/nonce', `${spec.nonce}\n`, 0o600),
    textFile('/report', `/dev/${spec.report.device} ${spec.report.major} ${spec.report.minor}\n`, 0o600),
    textFile('/etc/passwd', ACCOUNTS),
    textFile('/etc/group', GROUPS),
    textFile('/etc/nsswitch.conf', 'passwd: files\ngroup: files\n'),
    await readGuestFile({ source: spec.busybox, path: '/bin/busybox', mode: 0o755 }),
    { kind: 'link', path: '/bin/sh', target: 'busybox' },
  ];
  if (spec.setup !== null) entries.push(textFile('/setup', spec.setup));
  if (spec.kernelModules.length > 0) {
    const paths = spec.kernelModules.map(({ name }) => `/lib/modules/${name}.ko`);
    entries.push(textFile('/modules', `${paths.join('\n')}\n`));
    for (const [index, { data }] of spec.kernelModules.entries())
      entries.push({ kind: 'file', path: paths[index] ?? '', mode: 0o644, data });
  }
  const bpf = spec.jobs.some(({ modulePath }) => modulePath.endsWith('.bo')) ? spec.staprun.bpf : undefined;
  const runners = [spec.staprun, ...(bpf === undefined ? [] : [bpf])].flatMap(({ files, starters }) => [
    ...files,
    ...starters,
  ]);
  for (const file of [...runners, ...spec.files]) entries.push(await readGuestFile(file));
  for (const [index, job] of spec.jobs.entries()) entries.push(...(await jobEntries(job, index, spec.staprun)));
  return entries;
}

/** What init.sh reads of a job: one file for each of its parts. */
async function jobEntries(job: VmJob, index: number, staprun: GuestStaprun): Promise<readonly CpioEntry[]> {
  const name = moduleName(job);
  const folder = `/jobs/${index}`;
  const isBpf = job.modulePath.endsWith('.bo');
  const module = `${folder}/${name}${isBpf ? '.bo' : '.ko'}`;
  if (isBpf && staprun.bpf === undefined)
    throw new TapprepError(
      'TOOL_MISSING',
      'this SystemTap has no stapbpf, which runs what is made for the bpf runtime',
      {
        hint: 'install systemtap-runtime of a release that has stapbpf (4.0 or newer)',
      },
    );
  const exports = Object.entries(staprun.env).map(([key, value]) => shellLine`export ${key}=${value}\n`);
  const command = quoteCommand([
    ...(isBpf ? (staprun.bpf?.argv ?? []) : staprun.argv),
    ...(job.staprunArgs ?? []),
    module,
    ...(job.moduleArgs ?? []),
  ]);
  return [
    textFile(`${folder}/name`, `${name}\n`),
    ...(isBpf ? [textFile(`${folder}/bpf`, '')] : []),
    textFile(`${folder}/limit`, `${Math.ceil(job.timeoutMs / 10)}\n`),
    textFile(
      `${folder}/run`,
      `${exports.join('')}set -f\nexec ${command}${job.prepare === undefined ? '' : ` $(sh ${folder}/prepare)`}\n`,
    ),
    ...(job.prepare === undefined ? [] : [textFile(`${folder}/prepare`, `${job.prepare}\n`)]),
    await readGuestFile({ source: job.modulePath, path: module, mode: 0o644 }),
    ...(job.trigger === undefined ? [] : [textFile(`${folder}/trigger`, `${job.trigger}\n`)]),
    ...(job.readyText === undefined ? [] : [textFile(`${folder}/ready`, `${oneLine(job, job.readyText)}\n`)]),
    ...((job.expect ?? []).length === 0
      ? []
      : [textFile(`${folder}/expect`, `${(job.expect ?? []).map((text) => oneLine(job, text)).join('\n')}\n`)]),
    ...(job.stopWhenSeen === true ? [textFile(`${folder}/stop`, '')] : []),
  ];
}

/** The kernel and staprun both go by the file's name. */
function moduleName(job: VmJob): string {
  const name = basename(job.modulePath).replace(/\.[kb]o$/, '');
  if (/^[A-Za-z0-9_]{1,55}$/.test(name) && /\.[kb]o$/.test(job.modulePath)) return name;
  throw new TapprepError(
    'USAGE',
    `${job.modulePath} is not named like a kernel module (letters, digits and "_", then .ko)`,
  );
}

function oneLine(job: VmJob, text: string): string {
  if (text !== '' && !text.includes('\n')) return text;
  throw new TapprepError(
    'USAGE',
    `job ${job.name} waits for ${JSON.stringify(text)}, but only one line can be waited for`,
  );
}

function textFile(path: string, text: string, mode = 0o644): CpioEntry {
  return { kind: 'file', path, mode, data: Buffer.from(text) };
}

async function readGuestFile({ source, path, mode }: GuestFile): Promise<CpioEntry> {
  const file = await open(source, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) throw new TapprepError('TOO_LARGE', `${source} has ${size} bytes, too many for a guest`);
    return { kind: 'file', path, mode, data: await file.readFile() };
  } finally {
    await file.close();
  }
}

/** Puts the directories of all paths before them; of several entries with one path the first counts. */
function withDirectories(entries: readonly CpioEntry[]): readonly CpioEntry[] {
  const paths = new Set(DIRECTORIES);
  const files = new Map<string, CpioEntry>();
  for (const entry of entries) {
    const path = posix.normalize(entry.path).replace(/^\/+/, '');
    if (path.startsWith('..')) throw new TapprepError('USAGE', `${entry.path} is no path in the guest`);
    if (!files.has(path)) files.set(path, { ...entry, path });
    for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) paths.add(parent);
  }
  const directories = [...paths].sort().map((path): CpioEntry => ({ kind: 'directory', path, mode: 0o755 }));
  return [...directories, ...files.values()];
}
