/** Times as the addresses of snapshot archives have them. Pure. */
import { TapprepError } from '../errors.ts';

/** The text of --snapshot, once it has the form 20260801T000000Z. @throws TapprepError USAGE */
export function parseSnapshotTime(text: string): string {
  if (/^\d{8}T\d{6}Z$/.test(text)) return text;
  throw new TapprepError('USAGE', `--snapshot takes a time as 20260801T000000Z, but "${text}" is not of that form`);
}

/** The beginning of a day, as such a time. @param day days since the epoch */
export function timeOfDay(day: number): string {
  return `${writeDay(day).replaceAll('-', '')}T000000Z`;
}

/** The same for people: 2026-08-01. */
export function writeDay(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
