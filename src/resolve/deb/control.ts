/** Paragraphs of Debian control files (deb822(5)): "Field: value" lines, continued by lines that begin with a blank. Pure. */
import { TapprepError } from '../../errors.ts';

/** One paragraph; a continued value keeps its line breaks, each line without its leading blank. */
export type Paragraph = ReadonlyMap<string, string>;

/** Largest paragraph read; the largest seen in Debian's archive has 100 kB. */
export const MAX_PARAGRAPH_CHARS = 4 * 1024 * 1024;
const MAX_FIELDS = 500;

/**
 * Reads one paragraph. `name` is for messages.
 * @throws TapprepError BAD_METADATA for a line that is no field, a field given twice, or a paragraph beyond every bound.
 */
export function parseParagraph(text: string, name: string): Paragraph {
  if (text.length > MAX_PARAGRAPH_CHARS) throw malformed(name, `a paragraph of ${text.length} characters`);
  const fields = new Map<string, string[]>();
  let last: string[] | null = null;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (last === null) throw malformed(name, 'a continued line before the first field');
      last.push(line.slice(1));
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) throw malformed(name, `a line that is no field: ${JSON.stringify(line.slice(0, 60))}`);
    const field = line.slice(0, colon);
    if (fields.has(field))
      throw malformed(name, `the field ${JSON.stringify(field.slice(0, 60))} twice in one paragraph`);
    if (fields.size === MAX_FIELDS) throw malformed(name, `a paragraph of more than ${MAX_FIELDS} fields`);
    last = [line.slice(colon + 1).trim()];
    fields.set(field, last);
  }
  return new Map(Array.from(fields, ([field, lines]) => [field, lines.join('\n')] as const));
}

/** The value of a field that has to be there. @throws TapprepError BAD_METADATA */
export function requireField(paragraph: Paragraph, field: string, name: string): string {
  const value = paragraph.get(field);
  if (value === undefined || value === '') throw malformed(name, `no field "${field}"`);
  return value;
}

/** A field that holds a size or count; null when it is absent. @throws TapprepError BAD_METADATA */
export function readCount(paragraph: Paragraph, field: string, name: string): number | null {
  const value = paragraph.get(field);
  if (value === undefined || value === '') return null;
  if (!/^[0-9]{1,15}$/.test(value)) throw malformed(name, `"${field}: ${value.slice(0, 40)}", which is no size`);
  return Number(value);
}

function malformed(name: string, what: string): TapprepError {
  return new TapprepError('BAD_METADATA', `${name} is malformed: it has ${what}`);
}
