/** /etc/zypp/repos.d/*.repo as zypper reads them: yum's form with its own types and ways to sign in. Pure. */
import type { HostRepositoryFile, Repository } from '../types.ts';
import { parseRepoIni } from './repo-ini.ts';
import { quoted } from './source-file.ts';
import type { SourceContext } from './source-file.ts';
import { makeRpmRepository } from './yum-repo.ts';
import { systemOf } from '../package-system/systems.ts';

/** The repositories of one zypper .repo file; plugins and registered channels are noted and passed over. */
export function parseZypperRepo(file: HostRepositoryFile, context: SourceContext): readonly Repository[] {
  if (!systemOf(context.target).reads('rpm-md')) return [];
  return parseRepoIni(file.text).flatMap((section) => {
    const baseUrl = section.values.get('baseurl') ?? '';
    const type = section.values.get('type') ?? 'rpm-md';
    const why = reasonToPass(baseUrl, type);
    if (why !== null) {
      context.note(file, `${quoted(section.id)} is passed over: ${why}`);
      return [];
    }
    return makeRpmRepository(section, file, context) ?? [];
  });
}

function reasonToPass(baseUrl: string, type: string): string | null {
  if (!/^(rpm-md|rpm|none|)$/i.test(type)) return `its type is ${quoted(type)}, not rpm-md`;
  if (/^plugin:/i.test(baseUrl)) return 'its address comes from a plugin of zypper, which only zypper can ask';
  if (baseUrl.includes('?')) return 'its address carries a registration, which only zypper can use';
  return null;
}
