/** Which statuses say what about asking again. RFC 9110 section 15. */

/** The file is not there. */
export const NOT_THERE: ReadonlySet<number> = new Set([404, 410]);

/** The server may do better in a moment. */
export const LATER: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
