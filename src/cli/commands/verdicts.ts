/** `tapprep verdicts list|export|import`: what was seen of SystemTaps on kernels, handed from machine to machine. */
import { resolve } from 'node:path';
import { requireSignedText } from '../../bundle/sign.ts';
import { countOf } from '../../count.ts';
import { EXIT, TapprepError } from '../../errors.ts';
import { writeWhole } from '../../files/write-whole.ts';
import { isExactBuild } from '../../systemtap/kernel-build.ts';
import {
  countBuilds,
  makeVerdictList,
  parseVerdictList,
  readListFile,
  renderVerdictList,
} from '../../systemtap/verdict-list.ts';
import { importVerdicts, listVerdicts, ownVerdicts } from '../../systemtap/verdicts.ts';
import type { Fingerprint } from '../../types.ts';
import type { Context } from '../context.ts';
import { openContextSession } from '../open-session.ts';
import { openPgpSigner } from '../pgp-signer.ts';
import { renderVerdicts } from '../render/verdicts-text.ts';
import { shellLine } from '../../shell-words.ts';

/** What is kept here, with who saw it. */
export async function runVerdictsList({ common, stdout }: Context): Promise<number> {
  const verdicts = await listVerdicts(common.cacheDir);
  if (common.json) stdout.json({ verdicts });
  else stdout.write(`${renderVerdicts(verdicts, stdout.columns)}\n`);
  return EXIT.done;
}

export interface ExportOptions {
  readonly out: string | null;
  readonly signKey: string | null;
}

/** The file, and its signature beside it, are complete when this ends with 0. */
export async function runVerdictsExport(context: Context, { out, signKey }: ExportOptions): Promise<number> {
  const { common, stdout, cwd, now } = context;
  if (out === null) {
    throw new TapprepError('USAGE', 'verdicts are exported to a file, but none was named', {
      hint: 'tapprep verdicts export --out verdicts.json',
    });
  }
  const own = ownVerdicts(await listVerdicts(common.cacheDir));
  const list = makeVerdictList(own, now());
  if (list.verdicts.length === 0) {
    const left =
      own.length === 0 ? '' : `; of the kernels of ${countOf(own.length, 'other')} the exact build is not known`;
    throw new TapprepError(
      'NOT_PROVEN',
      `this machine has seen no SystemTap on any kernel that could be exported${left}`,
      {
        hint: 'tapprep rehearse --distro debian:12',
      },
    );
  }
  const path = resolve(cwd, out);
  const text = renderVerdictList(list);
  const signature =
    signKey === null ? null : await (await openPgpSigner(context, await openContextSession(context), signKey))(text);
  await writeWhole(path, text, { mode: 'user' });
  if (signature !== null) await writeWhole(`${path}.asc`, signature, { mode: 'user' });
  const left = own.filter(({ kernel }) => !isExactBuild(kernel)).length;
  const kernels = countBuilds(list);
  if (common.json) {
    stdout.json({
      path,
      verdicts: list.verdicts.length,
      kernels,
      left,
      signature: signature === null ? null : `${path}.asc`,
    });
    return EXIT.done;
  }
  const lines = [
    `${path}: ${countOf(list.verdicts.length, 'verdict')} on ${countOf(kernels, 'kernel build')}`,
    ...(left === 0
      ? []
      : [`${countOf(left, 'was', 'were')} left out: nothing tells the kernel build from another one of its release`]),
    signature === null
      ? 'nothing vouches for it on the way: --sign-key KEY signs it'
      : `${path}.asc: its signature, for: ${shellLine`tapprep verdicts import ${out}`} --keyring FILE`,
  ];
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}

export interface ImportOptions {
  readonly keyring: string | null;
  readonly allowUnsigned: boolean;
}

/** What was seen here is never replaced, and what others saw only counts for the order in which SystemTaps are tried. */
export async function runVerdictsImport(context: Context, file: string, options: ImportOptions): Promise<number> {
  const { common, stdout, cwd, now } = context;
  const { data, signature } = await readListFile(resolve(cwd, file));
  const signer = await findSigner(context, { name: file, data, signature }, options);
  const list = parseVerdictList(data.toString('utf8'), file);
  const at = new Date(now()).toISOString();
  const imported = await importVerdicts(common.cacheDir, list.verdicts, { kind: 'imported', signer, at });
  if (common.json) {
    stdout.json({ ...imported, signer });
    return EXIT.done;
  }
  const { taken, own, known } = imported;
  const who = signer === null ? 'nobody signed them' : `signed by ${signer}`;
  const lines = [
    `${taken} of ${countOf(list.verdicts.length, 'verdict was', 'verdicts were')} taken, ${who}`,
    ...(known === 0 ? [] : [`${countOf(known, 'was', 'were')} here already`]),
    ...(own === 0 ? [] : [`${countOf(own, 'is', 'are')} on what this machine has seen itself, and that counts`]),
  ];
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}

interface Received {
  readonly name: string;
  readonly data: Buffer;
  readonly signature: string | null;
}

/** @returns null where it may be taken unsigned @throws TapprepError UNSIGNED, and every outcome of a signature but good */
async function findSigner(
  context: Context,
  received: Received,
  { keyring, allowUnsigned }: ImportOptions,
): Promise<Fingerprint | null> {
  const advice = { hint: 'tapprep verdicts export --sign-key KEYID --out FILE' };
  if (keyring !== null) {
    const { local } = await openContextSession(context);
    return requireSignedText({ ...received, advice }, resolve(context.cwd, keyring), (argv, options) =>
      local.run(argv, options),
    );
  }
  if (allowUnsigned) return null;
  throw new TapprepError(
    'UNSIGNED',
    `${received.name} is taken by a signature of somebody you know, but no --keyring was given`,
    {
      hint: shellLine`tapprep verdicts import ${received.name} --keyring FILE    # where nobody signed it, --allow-unsigned-verdicts`,
    },
  );
}
