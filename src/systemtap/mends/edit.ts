/** What mends make of a runtime: the header to be forced in front, and the files that are changed. Pure. */
import { createHash } from 'node:crypto';
import { TapprepError } from '../../errors.ts';
import { judgeRuntime } from './presence.ts';
import type { Mend } from './table.ts';

/** A file of the runtime before and after. */
export interface EditedFile {
  /** Relative to the runtime. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** All that is changed. */
export interface MendedRuntime {
  readonly mends: readonly Mend[];
  /** Its name carries its digest: stap's cache knows the name alone. */
  readonly header: { readonly name: string; readonly text: string; readonly sha256: string } | null;
  readonly flags: readonly string[];
  readonly files: readonly EditedFile[];
}

/**
 * Applies the mends that a runtime calls for; the others are left out.
 * @param name of the SystemTap, for messages
 * @param textOf a file of the runtime; null for none
 * @throws TapprepError MEND_REFUSED where the runtime is not one that a mend was written for, or calls for none
 */
export function mendRuntime(
  name: string,
  mends: readonly Mend[],
  textOf: (file: string) => string | null,
): MendedRuntime {
  const called = mends.filter((mend) => judgeRuntime(mend, textOf));
  if (called.length === 0) {
    const ids = mends.map(({ id }) => id).join(' and ');
    throw new TapprepError('MEND_REFUSED', `the runtime of SystemTap ${name} is not one that ${ids} was written for`, {
      facts: { mends: mends.map(({ id }) => id) },
    });
  }
  const changed = new Map<string, string>();
  for (const mend of called) {
    for (const edit of mend.edits) {
      const text = changed.get(edit.file) ?? textOf(edit.file) ?? '';
      const parts = text.split(edit.text);
      if (parts.length - 1 !== edit.count) throw miscounted(name, mend, edit, parts.length - 1);
      changed.set(edit.file, parts.join(edit.by));
    }
  }
  const files = [...changed].map(([file, text]) => {
    return { file, from: digest(textOf(file) ?? ''), to: digest(text), text };
  });
  return { mends: called, header: makeHeader(called), flags: called.flatMap(({ flags }) => flags), files };
}

function miscounted(
  name: string,
  { id }: Mend,
  { file, text, count }: Mend['edits'][number],
  found: number,
): TapprepError {
  return new TapprepError(
    'MEND_REFUSED',
    `${file} of SystemTap ${name} has "${text}" ${found} times, but ${id} was written for a release that has it ${count} times`,
    { facts: { mend: id, file, text, wanted: count, found } },
  );
}

/** The definitions of all, one after the other, each behind its own condition. */
function makeHeader(mends: readonly Mend[]): MendedRuntime['header'] {
  const parts = mends.flatMap(({ id, what, definitions }) =>
    definitions === null ? [] : [`/* ${id}: ${what}. */\n${definitions}`],
  );
  if (parts.length === 0) return null;
  const body = parts.join('\n\n');
  const text = `#ifndef TAPPREP_MEND\n#define TAPPREP_MEND\n\n${body}\n\n#endif\n`;
  const sha256 = digest(text);
  return { name: `mend-${sha256.slice(0, 12)}.h`, text, sha256 };
}

/** SHA-256 in hexadecimal digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
