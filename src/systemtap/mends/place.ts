/** Puts a mended SystemTap on a target: a copy of the runtime with the mends in it, and programs that use it. */
import { posix } from 'node:path';
import { TapprepError } from '../../errors.ts';
import { prepare } from '../../make-remedy.ts';
import { ASKING_ENV } from '../../detect/stap-version.ts';
import type { Host } from '../../host/host.ts';
import { script } from '../../host/scripts.ts';
import { makeOwnDirectory } from '../../install/own-directory.ts';
import { placeOfMended } from '../../resolve/folder-place.ts';
import { quoteWord } from '../../shell-words.ts';
import type { UsableSystemtap } from '../usable.ts';
import { digest, type MendedRuntime, mendRuntime } from './edit.ts';
import { type MendedManifest, parseMendedManifest } from './manifest-schema.ts';
import { liftsOf, type Mend } from './table.ts';

export interface MendRequest {
  /** The target. */
  readonly host: Host;
  /** The SystemTap that is mended; nothing of it is changed. */
  readonly base: UsableSystemtap;
  /** Its name and upstream version: "4.8-2 of the distribution", "4.8". */
  readonly name: string;
  readonly version: string;
  /** In the order of the table; what the runtime does not call for is left out. */
  readonly mends: readonly Mend[];
  /** uname -r of the kernel that it is for. */
  readonly release: string;
  readonly tapprepVersion: string;
  readonly now: () => number;
}

export interface MendedSystemtap extends UsableSystemtap {
  readonly place: string;
  readonly manifest: MendedManifest;
}

const MANIFEST = 'manifest.json';
const STAP_TIMEOUT_MS = 60_000;

/**
 * Makes the folder, or takes the very one that is there.
 * @throws TapprepError MEND_REFUSED, INSTALL_FAILED, PERMISSION, NO_SPACE; nothing is left behind then
 */
export async function placeMended(request: MendRequest): Promise<MendedSystemtap> {
  const { host, base, name, version, mends } = request;
  const { stap, staprun, runtime } = await findPrograms(host, base, name);
  const mended = mendRuntime(name, mends, await readRuntime(host, runtime, mends));
  const manifest = describe(request, mended);
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  const place = placeOfMended(version, digest(JSON.stringify([text, stap, staprun])).slice(0, 12));
  const usable = { ...base, stapArgv: [`${place}/bin/stap`], place, manifest, lifts: liftsOf(manifest.mends) };
  if (await holds(host, place, manifest, text)) return usable;
  const { release, tapprepVersion, now } = request;
  const directory = { host, path: place, release, tapprepVersion, now, about: { mended: manifest.files } };
  await makeOwnDirectory(directory, {
    fill: async (making) => {
      await copyTree(host, runtime, `${making}/runtime`);
      for (const { file, text: changed } of mended.files)
        await host.writeFile(posix.join(making, 'runtime', file), changed, 0o644);
      if (mended.header !== null)
        await host.writeFile(posix.join(making, mended.header.name), mended.header.text, 0o644);
      await host.writeFile(posix.join(making, 'bin/stap'), makeStarter(place, stap, mended), 0o755);
      await host.writeFile(posix.join(making, 'bin/staprun'), `#!/bin/sh\nexec ${quoteWord(staprun)} "$@"\n`, 0o755);
      await host.writeFile(posix.join(making, MANIFEST), text, 0o644);
    },
    check: () => start(host, place),
  });
  return usable;
}

/** FROM TO: as files and directories alone, that nobody but their owner may write. */
const COPY = 'cp -RL -- "$1" "$2" && chmod -R u=rwX,go=rX -- "$2"';

async function copyTree(host: Host, from: string, to: string): Promise<void> {
  const run = await host.run(script(COPY, [from, to]));
  if (run.exitCode === 0) return;
  const isFull = /No space left|quota exceeded/i.test(run.stderr);
  throw new TapprepError(
    isFull ? 'NO_SPACE' : 'INSTALL_FAILED',
    `${to} on ${host.name} could not be made: ${run.stderr.trim().split('\n').at(-1) ?? ''}`,
  );
}

interface Programs {
  readonly stap: string;
  readonly staprun: string;
  readonly runtime: string;
}

/** Where stap is, there is its runtime: PREFIX/bin/stap and PREFIX/share/systemtap/runtime. */
async function findPrograms(host: Host, { stapArgv, staprunArgv }: UsableSystemtap, name: string): Promise<Programs> {
  const [stap, staprun] = [await host.which(stapArgv[0] ?? ''), await host.which(staprunArgv[0] ?? '')];
  if (stap === null || staprun === null) {
    throw new TapprepError('TOOL_MISSING', `SystemTap ${name} is not installed on ${host.name}`, {
      remedy: prepare(),
    });
  }
  const runtime = posix.join(posix.dirname(stap), '../share/systemtap/runtime');
  if ((await host.readText(`${runtime}/runtime.h`)) !== null) return { stap, staprun, runtime };
  throw new TapprepError('MEND_REFUSED', `SystemTap ${name} has no runtime in ${runtime} on ${host.name}`, {
    facts: { stap, runtime },
  });
}

async function readRuntime(
  host: Host,
  runtime: string,
  mends: readonly Mend[],
): Promise<(file: string) => string | null> {
  const names = new Set(mends.flatMap(({ runtime: tests, edits }) => [...tests, ...edits].map(({ file }) => file)));
  const texts = new Map<string, string | null>();
  for (const file of names) texts.set(file, await host.readText(posix.join(runtime, file)));
  return (file) => texts.get(file) ?? null;
}

function describe(
  { name, version, base }: MendRequest,
  { mends, header, flags, files }: MendedRuntime,
): MendedManifest {
  return {
    schema: 'tapprep-mended/1',
    version,
    of: name,
    base: base.place ?? null,
    mends: mends.map(({ id }) => id),
    header: header === null ? null : { name: header.name, sha256: header.sha256 },
    flags,
    files: files.map(({ file, from, to }) => ({ file, from, to })),
  };
}

/** Whether the very folder is there: its manifest, and everything that the manifest names by a digest. */
async function holds(host: Host, place: string, manifest: MendedManifest, text: string): Promise<boolean> {
  if ((await host.readText(`${place}/${MANIFEST}`)) !== text) return false;
  const named = [
    ...manifest.files.map(({ file, to }) => ({ path: `runtime/${file}`, sha256: to })),
    ...(manifest.header === null ? [] : [{ path: manifest.header.name, sha256: manifest.header.sha256 }]),
  ];
  for (const { path, sha256 } of named) {
    const found = await host.readText(`${place}/${path}`);
    if (found === null || digest(found) !== sha256) return false;
  }
  return true;
}

/** The name of the folder is one word, which stands in a value of make that is cut at blanks. */
function makeStarter(place: string, stap: string, { header, flags, mends }: MendedRuntime): string {
  const words = [...(header === null ? [] : [`-include ${place}/${header.name}`]), ...flags].join(' ');
  return [
    '#!/bin/sh',
    `# SystemTap with a runtime that tapprep mended (${mends.map(({ id }) => id).join(', ')}); ../${MANIFEST} says what was changed.`,
    `SYSTEMTAP_RUNTIME=${place}/runtime`,
    'TAPPREP_RUNTIME=$SYSTEMTAP_RUNTIME',
    'export SYSTEMTAP_RUNTIME TAPPREP_RUNTIME',
    `exec ${quoteWord(stap)}${words === '' ? '' : ` -B 'KCFLAGS=${words}'`} "$@"`,
    '',
  ].join('\n');
}

async function start(host: Host, place: string): Promise<void> {
  const run = await host.run([`${place}/bin/stap`, '-V'], { timeoutMs: STAP_TIMEOUT_MS, env: ASKING_ENV });
  if (run.exitCode === 0) return;
  throw new TapprepError(
    'INSTALL_FAILED',
    `${place}/bin/stap does not start on ${host.name}: ${run.stderr.trim().split('\n').at(-1) ?? ''}`,
  );
}

/** What a mended SystemTap in its place on a target was made of; null where nothing of the kind is there. */
export async function readMended(host: Host, place: string): Promise<MendedManifest | null> {
  const text = await host.readText(`${place}/${MANIFEST}`);
  return text === null ? null : parseMendedManifest(text);
}
