/** What belongs to the installed package as a whole. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Root of the installed package: where package.json, mirrors.json and stp/ lie. */
export const PACKAGE_ROOT: string = join(import.meta.dirname, '..', '..');

/** The version in package.json. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string };
  return version;
}
