/** The control file inside a .deb: what the package itself says it is. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { unpackFile } from '../fetch/unpack.ts';
import { type Paragraph, parseParagraph, requireField } from '../resolve/deb/control.ts';
import { readControlMember } from './deb-archive.ts';

/** Name, version and architecture as the package states them. */
export interface DebIdentity {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const MAX_CONTROL_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Reads the identity of a .deb or .ddeb out of its own control file.
 * @throws TapprepError BAD_PACKAGE when it is damaged or states none, NOT_FOUND, TOOL_MISSING without xz.
 */
export async function readDebIdentity(path: string): Promise<DebIdentity> {
  return await readDebControl(path, (fields) => {
    const read = (field: string): string => requireField(fields, field, path);
    return { name: read('Package'), version: read('Version'), arch: read('Architecture') };
  });
}

/**
 * What `read` makes of the control file of a .deb.
 * @throws TapprepError as readDebIdentity; BAD_METADATA of `read` becomes BAD_PACKAGE
 */
export async function readDebControl<Value>(path: string, read: (fields: Paragraph) => Value): Promise<Value> {
  const member = await readControlMember(path);
  try {
    return await withTemporaryDirectory(tmpdir(), 'tapprep-control-', async (directory) => {
      const packed = join(directory, 'control.tar');
      await writeFile(packed, member, { mode: 0o600 });
      const text = await findControlFile(packed);
      if (text === null) throw new TapprepError('BAD_PACKAGE', `${path} has no control file in its control.tar`);
      return read(parseParagraph(text, path));
    });
  } catch (error) {
    if (!isTapprepError(error, 'BAD_METADATA')) throw error;
    throw new TapprepError('BAD_PACKAGE', `${path} has a control file that cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

/** The text of ./control in a packed tar, or null. */
async function findControlFile(packed: string): Promise<string | null> {
  // Loaded here: only a fetch comes this far.
  const { Parser } = await import('tar');
  const found: Buffer[] = [];
  let bytes = 0;
  let problem: Error | null = null;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      if (entry.path.replace(/^\.\//, '') !== 'control' || found.length > 0) return entry.resume();
      entry.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_CONTROL_FILE_BYTES) found.push(Buffer.from(chunk));
      });
    },
  });
  parser.on('error', (error: Error) => (problem ??= error));
  let unpacked = 0;
  for await (const piece of unpackFile(packed)) {
    unpacked += piece.length;
    if (unpacked > MAX_UNPACKED_BYTES) throw malformed(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    // A copy: the piece's memory is given back as soon as the next one is asked for.
    parser.write(Buffer.from(piece));
  }
  parser.end();
  if (problem !== null) throw malformed(String(problem));
  if (bytes > MAX_CONTROL_FILE_BYTES) throw malformed(`its control file has ${bytes} bytes`);
  return found.length === 0 ? null : Buffer.concat(found).toString('utf8');
}

function malformed(what: string): TapprepError {
  return new TapprepError('BAD_METADATA', `control.tar is malformed: ${what}`);
}
