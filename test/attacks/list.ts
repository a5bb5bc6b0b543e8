/** Every attack there is, by the files that hold them. */
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Attack } from './attack.ts';

export interface Listed {
  /** The name of its file, e.g. "bundle" of bundle.attacks.ts. */
  readonly kind: string;
  readonly attack: Attack;
}

/** @throws where two attacks have one name */
export async function listAttacks(): Promise<readonly Listed[]> {
  const files = globSync('*.attacks.ts', { cwd: import.meta.dirname }).toSorted();
  const kinds = await Promise.all(
    files.map(async (file) => {
      const { attacks } = (await import(join(import.meta.dirname, file))) as { readonly attacks: readonly Attack[] };
      return attacks.map((attack) => ({ kind: basename(file, '.attacks.ts'), attack }));
    }),
  );
  const listed = kinds.flat();
  const names = listed.map(({ kind, attack }) => `${kind}: ${attack.name}`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two attacks have one name: ${twice}`);
  return listed;
}
