/** What compilers and make say of their own version. */

/**
 * The version number in a compiler's or make's version line: the first word that is a dotted number outside of brackets.
 * "gcc (Debian 12.2.0-14) 12.2.0", "gcc version 4.4.7 20120313 (Red Hat 4.4.7-23) (GCC)", "GNU Make 4.3",
 * "Debian clang version 14.0.6". Null when there is none.
 */
export function parseToolVersion(line: string): string | null {
  for (const word of withoutBrackets(line).split(/\s/)) {
    const match = /^\d{1,9}(\.\d{1,9}){1,3}/.exec(word);
    if (match !== null) return match[0];
  }
  return null;
}

/**
 * The compiler that built the kernel, from /proc/version: "Linux version R (user@host) (gcc (GCC) 15.3.0, GNU ld …) #1 …"
 * or, before 5.8, "… (gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC) ) #1 …". Null when it is not told.
 */
export function compilerOfProcVersion(text: string): string | null {
  for (const group of bracketGroups(text)) {
    if (!/\b(gcc|clang|icc)\b/i.test(group)) continue;
    const linker = group.search(/, (GNU ld|LLD|ld\.)/);
    return (linker === -1 ? group : group.slice(0, linker)).trim();
  }
  return null;
}

/** The number at the start of a package version, epoch left out: "4:12.2.0-3" is "12.2.0". */
export function upstreamNumber(packageVersion: string): string | null {
  return /^(?:\d{1,9}:)?(\d{1,9}(?:\.\d{1,9}){0,3})/.exec(packageVersion)?.[1] ?? null;
}

function withoutBrackets(text: string): string {
  let depth = 0;
  let out = '';
  for (const char of text) {
    if (char === '(') depth += 1;
    if (depth === 0) out += char;
    if (char === ')' && depth > 0) depth -= 1;
  }
  return out;
}

function bracketGroups(text: string): readonly string[] {
  const groups: string[] = [];
  let depth = 0;
  let group = '';
  for (const char of text) {
    if (char === ')') depth -= 1;
    if (char === ')' && depth === 0) {
      groups.push(group);
      group = '';
    }
    if (depth > 0) group += char;
    if (char === '(') depth += 1;
    if (depth < 0) depth = 0;
  }
  return groups;
}
