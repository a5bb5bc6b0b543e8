// Writes the JSON Schemas of what tapprep prints and keeps: schemas/NAME.VERSION.schema.json. Run by build.js.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { publishedSchema, SCHEMAS } from '../src/report/report-schema.ts';

/** @param folder made anew */
export function writeSchemas(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, { version }] of Object.entries(SCHEMAS)) {
    const text = `${JSON.stringify(publishedSchema(name), null, 2)}\n`;
    writeFileSync(`${folder}/${name}.${String(version)}.schema.json`, text);
  }
}
