/** The packages that a kernel needs, named by its row of the table of families, without any network. */
import { RPM_FAMILIES, DEB_FAMILIES, SUSE_SOURCES } from '../detect/kernel-families.ts';
import type { DebTarget, PackageName, Role, RpmTarget, Target } from '../types.ts';

/**
 * Headers or devel packages and the debug information of exactly this kernel. Names that share an `alternative` number
 * stand for one package, the likeliest first. What these packages depend on is for the index to say.
 */
export function namePackages(target: Target): readonly PackageName[] {
  return target.family === 'rpm' ? nameRpm(target) : nameDeb(target);
}

function nameRpm(target: RpmTarget): readonly PackageName[] {
  const { stem, orStem, devel, debuginfo, counter } = RPM_FAMILIES[target.kernelFamily];
  const stems = orStem === undefined ? [target.stem] : [target.stem, target.stem === stem ? orStem : stem];
  return [...devel, ...debuginfo].flatMap((template, index) =>
    stems.map((stem) => {
      const name = fillTemplate(template.replace(/\.noarch$/, ''), { ...target, stem });
      return {
        role: devel.includes(template) ? 'devel' : roleOf(template),
        name,
        arch: template.endsWith('.noarch') ? 'noarch' : target.packageArch,
        version: target.versionRelease,
        match: counter === true ? 'prefix' : 'exact',
        ...(stems.length > 1 ? { alternative: index + 1 } : {}),
      } satisfies PackageName;
    }),
  );
}

function roleOf(template: string): Role {
  if (template.endsWith('-debugsource')) return 'debugsource';
  return template.includes('-debuginfo-common') ? 'debuginfo-common' : 'debuginfo';
}

function fillTemplate(template: string, { kernelFamily, stem, variant, packageArch }: RpmTarget): string {
  const suffix = variant === null ? '' : (RPM_FAMILIES[kernelFamily].suffixes?.[variant] ?? `-${variant}`);
  const values: Readonly<Record<string, string>> = {
    '{name}': stem + suffix,
    '{stem}': stem,
    '{arch}': packageArch,
    '{source}': SUSE_SOURCES[variant ?? ''] ?? '',
  };
  return template.replaceAll(/\{[a-z]+\}/g, (slot) => values[slot] ?? slot);
}

function nameDeb(target: DebTarget): readonly PackageName[] {
  const { headers, debuginfo } = DEB_FAMILIES[target.kernelFamily];
  const version = target.packageVersion?.replace(/^\d+:/, '') ?? null;
  const common = { arch: target.packageArch, version, match: version === null ? 'index' : 'exact' } as const;
  const name = (template: string): string => template.replace('{release}', target.release);
  return [
    { role: 'headers', name: name(headers), ...common },
    ...debuginfo.map((template): PackageName => ({
      role: 'debuginfo',
      name: name(template),
      ...common,
      ...(debuginfo.length > 1 ? { alternative: 1 } : {}),
    })),
  ];
}
