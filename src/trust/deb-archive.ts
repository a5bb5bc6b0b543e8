/** The members of a .deb: an ar archive (ar(5), deb(5)), walked by bounded reads. */
import { open, type FileHandle } from 'node:fs/promises';
import { isErrno, TapprepError } from '../errors.ts';

/** Where a member's bytes lie in the file. */
interface ArMember {
  readonly name: string;
  readonly from: number;
  readonly bytes: number;
}

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;
/** debian-binary, control.tar, data.tar, and what a later format may add under "_". */
const MAX_MEMBERS = 20;
const MAX_CONTROL_BYTES = 16 * 1024 * 1024;

/**
 * Returns the packed control.tar of a .deb.
 * @throws TapprepError BAD_PACKAGE when the file is no complete Debian package of format 2, NOT_FOUND.
 */
export async function readControlMember(path: string): Promise<Uint8Array> {
  const file = await openPackage(path);
  try {
    const { control } = await findTars(file, path);
    return await readMember(file, control, path);
  } finally {
    await file.close();
  }
}

/**
 * Tells where the packed data.tar of a .deb lies in it.
 * @throws TapprepError as readControlMember
 */
export async function locateDataMember(path: string): Promise<ArMember> {
  const file = await openPackage(path);
  try {
    return (await findTars(file, path)).data;
  } finally {
    await file.close();
  }
}

async function findTars(
  file: FileHandle,
  path: string,
): Promise<{ readonly control: ArMember; readonly data: ArMember }> {
  const members = await listMembers(file, path);
  const [version, control, data] = members.filter(({ name }) => !name.startsWith('_'));
  if (
    version?.name !== 'debian-binary' ||
    !(await readMember(file, version, path)).toString('latin1').startsWith('2.')
  ) {
    throw bad(path, 'does not begin with the debian-binary member of format 2');
  }
  if (control === undefined || !/^control\.tar(?:\.[a-z0-9]+)?$/.test(control.name))
    throw bad(path, 'has no control.tar');
  if (data === undefined || !/^data\.tar(?:\.[a-z0-9]+)?$/.test(data.name)) throw bad(path, 'has no data.tar');
  return { control, data };
}

async function openPackage(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new TapprepError('NOT_FOUND', `${path} does not exist, so it cannot be checked`, { cause: error });
  }
}

async function listMembers(file: FileHandle, path: string): Promise<readonly ArMember[]> {
  const { size } = await file.stat();
  if ((await readAt(file, 0, MAGIC.length)).toString('latin1') !== MAGIC) throw bad(path, 'has no ar magic');
  const members: ArMember[] = [];
  for (let at = MAGIC.length; at < size;) {
    const header = (await readAt(file, at, HEADER_BYTES)).toString('latin1');
    const bytes = /^[0-9]{1,10} *$/.test(header.slice(48, 58)) ? Number(header.slice(48, 58)) : -1;
    const from = at + HEADER_BYTES;
    if (header.length !== HEADER_BYTES || !header.endsWith('`\n') || bytes < 0)
      throw bad(path, 'has a damaged member header');
    if (from + bytes > size) throw bad(path, `ends ${from + bytes - size} bytes before its last member does`);
    if (members.length === MAX_MEMBERS) throw bad(path, `has more than ${MAX_MEMBERS} members`);
    members.push({ name: header.slice(0, 16).trimEnd().replace(/\/$/, ''), from, bytes });
    // Members begin at even offsets.
    at = from + bytes + (bytes % 2);
  }
  return members;
}

async function readMember(file: FileHandle, { name, from, bytes }: ArMember, path: string): Promise<Buffer> {
  if (bytes > MAX_CONTROL_BYTES) throw bad(path, `has a member ${name} of ${bytes} bytes`);
  return readAt(file, from, bytes);
}

async function readAt(file: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, from);
  return buffer.subarray(0, bytesRead);
}

function bad(path: string, what: string): TapprepError {
  return new TapprepError('BAD_PACKAGE', `${path} is no Debian package: it ${what}`);
}
