/** The lists of packages that a target's own settings leave out (exclude, excludepkgs, includepkgs), as dnf and yum read them. Pure. */

interface Named {
  readonly name: string;
  /** [epoch:]version-release */
  readonly evr: string;
  readonly arch: string;
}

/** Whether one of some patterns with *, ? and [] fits a package: by name, name.arch, name-version, name-version-release or all of it. */
export function createPackageMatcher(patterns: readonly string[]): (found: Named) => boolean {
  if (patterns.length === 0) return () => false;
  const all = new RegExp(`^(?:${patterns.map(toSource).join('|')})$`);
  return ({ name, evr, arch }) => {
    const plain = evr.replace(/^\d+:/, '');
    const version = plain.replace(/-[^-]*$/, '');
    const forms = [name, `${name}.${arch}`, `${name}-${version}`, `${name}-${plain}`, `${name}-${plain}.${arch}`];
    return [...forms, `${name}-${evr}`, `${name}-${evr}.${arch}`].some((form) => all.test(form));
  };
}

function toSource(pattern: string): string {
  return pattern.replaceAll(/\[(!?)([^\]/]+)\]|[.+^${}()|\\[\]*?]/g, (found, not?: string, set?: string) => {
    if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replaceAll(/[\\^[]/g, String.raw`\$&`)}]`;
    return found === '*' ? '.*' : found === '?' ? '.' : `\\${found}`;
  });
}
