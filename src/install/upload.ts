/** Verified files on another machine: kept by their digest until they are installed, so that a lost connection costs little. */
import { posix } from 'node:path';
import { countOf } from '../count.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { runAsRoot } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import { noHasher, SHA256 } from '../host/digests.ts';
import type { RemoteHost } from '../host/host.ts';
import { explainWrite, script } from '../host/scripts.ts';
import type { Artifact, Emit } from '../types.ts';
import { removeTree } from './directories.ts';
import { MARKER_NAME, MARKER_TEXT } from './marks.ts';

/** DIGEST/NAME is whole, DIGEST/.part is not yet. */
const UPLOAD_DIRECTORY = '/var/cache/tapprep/upload';

const OTHERS_DIRECTORY = 6;

/**
 * DIRECTORY, and lines "DIGEST NAME": for each the bytes of it that are there already, or "whole". Nobody else may have been able
 * to put something there, or can exchange it until the package manager has read it.
 */
const LOOK = `${SHA256}
umask 077
own() {
  set -- "$1" $(ls -ldn -- "$1")
  case $2 in
    d????-??-*) [ "$4" != "$(id -u)" ] || return 0 ;;
  esac
  echo "$1 $2 $4"
  exit ${OTHERS_DIRECTORY}
}
parent=\${1%/*}
[ -e "$parent" ] || [ -h "$parent" ] || (umask 022 && mkdir -p "$parent") || exit 1
own "$parent"
[ -e "$1" ] || [ -h "$1" ] || mkdir "$1" || exit 1
own "$1"
chmod 700 "$1" && cd "$1" && echo '${MARKER_TEXT}' >${MARKER_NAME} || exit 1
while read -r digest name; do
  if [ -f "$digest/$name" ] && [ "$(sha256 "$digest/$name")" = "$digest" ]; then echo whole
  elif [ -f "$digest/.part" ]; then wc -c <"$digest/.part"
  else echo 0; fi
done`;

/** DIRECTORY DIGEST NAME BYTES OFFSET: the rest of a file, which gets its name when it is whole and has its digest. */
const PUT = `${SHA256}
umask 077
mkdir -p "$1/$2" && cd "$1/$2" || exit 1
[ "$5" -gt 0 ] || rm -f .part
cat >>.part || exit 1
[ "$(wc -c <.part)" -ge "$4" ] || { echo "only a part came" >&2; exit 4; }
found=$(sha256 .part)
[ "$found" = "$2" ] || { rm -f .part; echo "$found"; exit 5; }
mv -f .part "$3"`;

const OTHER_DIGEST = 5;

/**
 * Brings the artifacts to the machine as far as they are not there, and runs `body` with their paths there. Afterwards
 * nothing of them is left; where the connection was lost or a signal came, what is there serves the next run.
 * @throws TapprepError NO_SPACE, PERMISSION, DIGEST_MISMATCH, TOOL_MISSING, SSH_LOST
 */
export async function withUploadedFiles<Result>(
  host: RemoteHost,
  artifacts: readonly Artifact[],
  options: { readonly emit: Emit; readonly signal: AbortSignal },
  body: (paths: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const files = artifacts.map(({ item, path, evidence }) => ({
    path,
    digest: evidence.sha256,
    name: item.fileName,
    bytes: evidence.sizeBytes,
  }));
  const there = await look(host, files);
  try {
    const missing = files.filter((_, at) => there[at] !== null);
    for (const [at, file] of files.entries()) {
      const offset = there[at] ?? null;
      if (offset !== null) await upload(host, file, offset, options);
    }
    options.emit({
      type: 'note',
      level: 'info',
      text: `${missing.length} of ${countOf(files.length, 'file was', 'files were')} brought to ${host.name}`,
    });
    const result = await body(files.map(({ digest, name }) => posix.join(UPLOAD_DIRECTORY, digest, name)));
    await removeUploads(host);
    return result;
  } catch (error) {
    // What is there serves the next run; so does what could not be removed now.
    if (!isTapprepError(error, 'SSH_LOST') && !isTapprepError(error, 'INTERRUPTED')) await removeUploads(host);
    throw error;
  }
}

/** Takes away what an earlier run left. @throws TapprepError PERMISSION */
async function removeUploads(host: RemoteHost): Promise<void> {
  await removeTree(host, UPLOAD_DIRECTORY);
}

interface File {
  readonly path: string;
  readonly digest: string;
  readonly name: string;
  readonly bytes: number;
}

/** How many bytes of each file are there; null for a whole one. */
async function look(host: RemoteHost, files: readonly File[]): Promise<readonly (number | null)[]> {
  const input = files.map(({ digest, name }) => `${digest} ${name}\n`).join('');
  const { exitCode, stdout, stderr } = await host.run(script(LOOK, [UPLOAD_DIRECTORY]), { input });
  if (exitCode === 3) throw noHasher(host);
  if (exitCode === OTHERS_DIRECTORY) throw refuseOthers(host, stdout.trim());
  if (exitCode !== 0) throw explainWrite(host.name, UPLOAD_DIRECTORY, stderr);
  const lines = stdout.split('\n');
  return files.map(({ bytes }, at) => {
    if (lines[at] === 'whole') return null;
    const size = Number(lines[at]);
    return Number.isSafeInteger(size) && size < bytes ? size : 0;
  });
}

/** @param found path, mode and number of the owner */
function refuseOthers({ name }: RemoteHost, found: string): TapprepError {
  const [path = '', mode = '', owner = ''] = found.split(' ');
  return new TapprepError(
    'CACHE_UNUSABLE',
    `${path} on ${name} belongs to user ${owner} with the mode ${mode}, and only a directory that root alone can write to is used`,
    { remedy: runAsRoot(shellLine`rm -r ${path}`), facts: { path, mode, owner } },
  );
}

async function upload(
  host: RemoteHost,
  file: File,
  offset: number,
  options: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<void> {
  const { digest, name, bytes, path } = file;
  const words = [UPLOAD_DIRECTORY, digest, name, String(bytes), String(offset)];
  const { signal } = options;
  const put = await host.run(script(PUT, words), { inputFile: { path, offset }, signal, timeoutMs: UPLOAD_TIMEOUT_MS });
  if (put.exitCode === 0) return;
  if (put.exitCode !== OTHER_DIGEST) throw explainWrite(host.name, posix.join(UPLOAD_DIRECTORY, name), put.stderr);
  // A part of another file under the same digest can only be damage: once more from the beginning.
  if (offset > 0) return upload(host, file, 0, options);
  throw new TapprepError(
    'DIGEST_MISMATCH',
    `${name} arrived on ${host.name} with sha256 ${put.stdout.trim()} but was sent with ${digest}`,
    { hint: 'run the same command again', facts: { name, expected: digest, actual: put.stdout.trim() } },
  );
}

const UPLOAD_TIMEOUT_MS = 6 * 3_600_000;
