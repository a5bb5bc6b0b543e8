/** /etc/zypp/repos.d/*.repo as zypper reads them: yum's form with its own types and ways to sign in. Pure. */
import type { HostRepositoryFile, Repository } from '../types.ts';
import { parseRepoIni } from './repo-ini.ts';
import { quoted } from './source-file.ts';
import type { SourceContext } from './source-file.ts';
import { makeRpmRepository } from './yum-repo.ts';
import { systemOf } from '../package-system/systems.ts';

/** The repositories of one zypper .repo file; plugins are noted and passed over. */
export function parseZypperRepo(file: HostRepositoryFile, context: SourceContext): readonly Repository[] {
  if (!systemOf(context.target).reads('rpm-md')) return [];
  return parseRepoIni(file.text).flatMap((section) => {
    const baseUrl = section.values.get('baseurl') ?? '';
    const type = section.values.get('type') ?? 'rpm-md';
    const why = reasonToPass(baseUrl, type, context);
    if (why !== null) {
      context.note(file, `${quoted(section.id)} is passed over: ${why}`);
      return [];
    }
    return makeRpmRepository(section, file, context) ?? [];
  });
}

function reasonToPass(baseUrl: string, type: string, { frontEnd }: SourceContext): string | null {
  if (!/^(rpm-md|rpm|none|)$/i.test(type)) return `its type is ${quoted(type)}, not rpm-md`;
  if (/^plugin:/i.test(baseUrl) && frontEnd === null)
    return 'its address comes from a plugin of zypper, which only zypper can ask';
  return null;
}
