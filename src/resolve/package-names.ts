/** The packages that a kernel needs, named by its row of the table of families, without any network. */
import { hasVersionRelease } from '../detect/any-release.ts';
import {
  debNaming,
  habitualDebuginfo,
  isDebuginfoUnseen,
  rpmNaming,
  stemsOf,
  SUSE_SOURCES,
  SUSE_TREES,
} from '../detect/kernel-families.ts';
import type { DebTarget, PackageName, Role, RpmTarget, Target } from '../types.ts';
import { forFamily } from '../package-system/systems.ts';

/**
 * Headers or devel packages and the debug information of exactly this kernel. Names that share an `alternative` number
 * stand for one package, the likeliest first. What these packages depend on is for the index to say.
 */
export function namePackages(target: Target): readonly PackageName[] {
  return forFamily(target, { deb: nameDeb, rpm: nameRpm });
}

function nameRpm(target: RpmTarget): readonly PackageName[] {
  // Without V-R no file has a name: only an index can tell what belongs to such a release.
  if (target.kernelFamily === 'rpm' && !hasVersionRelease(target.versionRelease)) return [];
  const { guessed, counter, behindCounter, orPackaged, bare, ...row } = rpmNaming(target.kernelFamily);
  const habit = target.kernelFamily === 'rpm' ? habitualDebuginfo(target.distro) : null;
  const debuginfo = habit ?? row.debuginfo;
  const devel = bare?.includes(target.variant ?? '') === true ? [] : row.devel;
  const { stems, areTwins } = target.stemIsSeen === true ? { stems: [target.stem], areTwins: false } : stemsOf(target);
  const isUnseen = isDebuginfoUnseen(target);
  const isGuess =
    target.kernelFamily === 'rpm' || guessed?.test(`${target.versionRelease}.${target.packageArch}`) === true;
  const isCounted = counter?.test(target.versionRelease) === true;
  const match = isGuess || areTwins ? 'index' : isCounted ? 'prefix' : 'exact';
  const versions = [
    target.versionRelease,
    ...(orPackaged === undefined ? [] : [target.versionRelease.replace(...orPackaged)]),
  ];
  const owns = stems.flatMap((stem) =>
    [...new Set(versions)].map((versionRelease) => ({ ...target, stem, versionRelease })),
  );
  const [, tree = ''] = SUSE_TREES.find(([form]) => form.test(target.release)) ?? [];
  return [...devel, ...debuginfo].flatMap((template, index) => {
    const ways = template
      .replace('{tree}', tree)
      .split('|')
      .flatMap((way) => owns.map((own) => [way, own] as const));
    return ways.map(([way, own]) => {
      const [name = '', version = '{vr}'] = way.replace(/\.noarch$/, '').split('=');
      const whole = fillTemplate(version, own);
      const [suffix = ''] = behindCounter?.exec(whole) ?? [];
      return {
        role: devel.includes(template) ? 'devel' : roleOf(template),
        name: fillTemplate(name, own),
        arch: way.endsWith('.noarch') ? 'noarch' : target.packageArch,
        version: whole.slice(0, whole.length - suffix.length),
        match: isUnseen && debuginfo.includes(template) ? 'index' : match,
        ...(suffix === '' ? {} : { suffix }),
        ...(ways.length > 1 ? { alternative: index + 1 } : {}),
      } satisfies PackageName;
    });
  });
}

function roleOf(template: string): Role {
  if (template.endsWith('-debugsource')) return 'debugsource';
  return template.includes('-debuginfo-common') ? 'debuginfo-common' : 'debuginfo';
}

/** What the variant of a kernel adds to the names of its packages: "-debug", "64k", "". */
export function variantSuffix({ kernelFamily, variant }: Pick<RpmTarget, 'kernelFamily' | 'variant'>): string {
  return variant === null ? '' : (rpmNaming(kernelFamily).suffixes?.[variant] ?? `-${variant}`);
}

function fillTemplate(
  template: string,
  { kernelFamily, stem, variant, packageArch, versionRelease }: RpmTarget,
): string {
  const suffix = variantSuffix({ kernelFamily, variant });
  const source = SUSE_SOURCES[variant ?? ''] ?? '';
  const values: Readonly<Record<string, string>> = {
    '{name}': stem + suffix,
    '{suffix}': suffix,
    '{stem}': stem,
    '{arch}': packageArch,
    '{vr}': versionRelease,
    '{tag}': versionRelease.slice(versionRelease.lastIndexOf('.') + 1),
    '{source}': source,
  };
  return template.replaceAll(/\{[a-z]+\}/g, (slot) => values[slot] ?? slot);
}

function nameDeb(target: DebTarget): readonly PackageName[] {
  const { headers, debuginfo, otherDebuginfo = [], debuginfoUnseen, guessed } = debNaming(target.kernelFamily);
  const [, other] = otherDebuginfo.find(([form]) => form.test(target.release)) ?? [];
  const version = target.packageVersion?.replace(/^\d+:/, '') ?? null;
  const isSure = version !== null && target.kernelFamily !== 'deb' && guessed?.test(version) !== true;
  const common = { arch: target.packageArch, version } as const;
  const alternatives = (role: Role, templates: readonly string[], number: number): readonly PackageName[] =>
    templates.map((template) => ({
      role,
      name: template.replace('{release}', target.release),
      ...common,
      match: isSure && !(role === 'debuginfo' && debuginfoUnseen === true) ? 'exact' : 'index',
      ...(templates.length > 1 ? { alternative: number } : {}),
    }));
  return [...alternatives('headers', headers, 2), ...alternatives('debuginfo', other ?? debuginfo, 1)];
}
