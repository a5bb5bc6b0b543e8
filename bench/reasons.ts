/** Why a number is missed, as profiling showed it; keyed by the work and the peer of a row. */
export const REASONS: Readonly<Record<string, string>> = {};
