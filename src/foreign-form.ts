/** What speaks against a document from elsewhere (a lock, a journal, a manifest, verdicts), in words for an error. */

/** What a schema found, as zod tells it. */
interface Faults {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

const MOST = 20;

/** Each fault with its place: "target.release: Invalid input". */
export function listFaults({ issues }: Faults): readonly string[] {
  return issues.slice(0, MOST).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/**
 * That it is of another time: its "schema" has the name of the form and another number; null where that is not so.
 * @param form name and number, as "tapprep-journal/1"
 */
export function describeOtherVersion(value: unknown, form: string): string | null {
  const { schema } = (value ?? {}) as { readonly schema?: unknown };
  const name = form.slice(0, form.lastIndexOf('/') + 1);
  if (typeof schema !== 'string' || schema === form || !schema.startsWith(name)) return null;
  return `has the form ${JSON.stringify(schema.slice(0, 60))}, but this tapprep reads "${form}"`;
}
