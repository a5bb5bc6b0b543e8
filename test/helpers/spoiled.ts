/** Saved forms with one thing wrong in each. */

/** Copies of a JSON value, by what is wrong: a field of any depth that is missing, or of another type. */
export function spoiledForms(value: unknown): ReadonlyMap<string, unknown> {
  const forms = new Map<string, unknown>();
  for (const path of pathsOf(value)) {
    const name = path.join('.');
    const [parents, last] = [path.slice(0, -1), path.at(-1) ?? ''];
    const missing = structuredClone(value);
    // A list is as good with one less.
    if (typeof last === 'string') {
      delete at(missing, parents)[last];
      forms.set(`${name} missing`, missing);
    }
    const other = structuredClone(value);
    const old = at(value, parents)[last];
    at(other, parents)[last] = typeof old === 'object' && old !== null ? 7 : {};
    forms.set(`${name} of another type`, other);
  }
  return forms;
}

type Fields = Record<string | number, unknown>;

function at(value: unknown, path: readonly (string | number)[]): Fields {
  return path.reduce((inner, key) => inner[key] as Fields, value as Fields);
}

function pathsOf(value: unknown): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [[key], ...pathsOf((value as Fields)[key]).map((rest) => [key, ...rest])]);
}
