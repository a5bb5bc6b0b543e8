/** How long to wait before the next attempt. Pure: the clock and chance come in as numbers. */

/** Exponential backoff with full jitter in its upper half: attempt 1 waits base/2 to base. `chance` is in [0, 1). */
export function backoffMs(attempt: number, base: number, maximum: number, chance: number): number {
  const full = Math.min(maximum, base * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * chance);
}

/**
 * Retry-After as milliseconds: seconds, or an HTTP date (RFC 9110 section 10.2.3) which is compared with the date that
 * the server sent beside it, so that a wrong clock here does no harm. null when unusable.
 */
export function parseRetryAfter(text: string | null, date: string | null, now: number): number | null {
  const trimmed = text?.trim() ?? '';
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed) * 1000;
  if (!/^[A-Za-z]{3},/.test(trimmed)) return null;
  const at = Date.parse(trimmed);
  const sent = Date.parse(date ?? '');
  return Number.isNaN(at) ? null : Math.max(0, at - (Number.isNaN(sent) ? now : sent));
}
