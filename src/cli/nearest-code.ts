/** The code that a misspelt one was likely meant to be. */
import { DIAGNOSIS_CODES } from '../diagnose/codes.ts';
import { ERROR_CODES } from '../errors.ts';
import { findNearest } from '../nearest-name.ts';

/** The code that is nearest to a word, in whatever letters; null where none is near. */
export function findCode(word: string): string | null {
  return findNearest(word.toUpperCase(), [...DIAGNOSIS_CODES, ...Object.keys(ERROR_CODES)]);
}
