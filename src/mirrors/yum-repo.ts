/** /etc/yum.repos.d/*.repo as yum and dnf read them (yum.conf(5), dnf.conf(5)). Pure. */
import type { HostRepositoryFile, Repository, RepositoryAuth } from '../types.ts';
import { expandVariables, isOn, parseRepoIni, unknownVariables } from './repo-ini.ts';
import type { IniSection } from './repo-ini.ts';
import { EVERY_CONTENT, isSafePath, parseBaseUrl, quoted } from './source-file.ts';
import type { SourceContext } from './source-file.ts';
import { systemOf } from '../package-system/systems.ts';

/** The repositories of one .repo file; [main] is none. */
export function parseYumRepo(file: HostRepositoryFile, context: SourceContext): readonly Repository[] {
  if (!systemOf(context.target).reads('rpm-md')) return [];
  return parseRepoIni(file.text)
    .filter((section) => section.id !== 'main' && !isSourceRepository(section))
    .flatMap((section) => makeRpmRepository(section, file, context) ?? []);
}

/** One section as a repository; null, with a note, where it cannot be asked. */
export function makeRpmRepository(
  section: IniSection,
  file: HostRepositoryFile,
  context: SourceContext,
): Repository | null {
  const { values } = section;
  const say = (text: string): void => context.note(file, `[${quoted(section.id).slice(1, -1)}]: ${text}`);
  if (!/^[A-Za-z0-9_.:+@-]{1,128}$/.test(section.id)) {
    say('passed over: its name is not a plain word');
    return null;
  }
  const enabled = isOn(values.get('enabled'), true);
  const debug = isDebugRepository(section);
  if (!enabled && !debug) return null;
  const baseUrls = words(values.get('baseurl')).flatMap((text) => baseUrlOf(text, values, context, say) ?? []);
  const discovery = discoveryOf(values, context, say);
  if (baseUrls.length === 0 && discovery === null) return null;
  if (!isOn(values.get('gpgcheck'), true)) say('gpgcheck=0 is ignored: packages must be signed all the same');
  return {
    id: `target/${section.id}`,
    kind: 'rpm-md',
    baseUrls,
    discovery,
    suite: null,
    components: [],
    origin: 'target',
    vendor: null,
    content: debug ? ['debuginfo', 'program-debuginfo'] : EVERY_CONTENT,
    state: 'live',
    trust: {
      metadata: isOn(values.get('repo_gpgcheck'), false) ? 'signed' : 'unsigned',
      packages: 'signed',
      fingerprints: [],
      keyrings: keyFilesOf(values, context, say),
      allow: [],
    },
    allowExpiredRelease: false,
    auth: authOf(values),
    enabled,
  };
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

function isSourceRepository({ id, values }: IniSection): boolean {
  return /(^|[-_.])(source|sources|src|srpms?)([-_.]|$)/i.test(id) || /\/SRPMS\/?$/i.test(values.get('baseurl') ?? '');
}

function isDebugRepository({ id, values }: IniSection): boolean {
  return /debug/i.test(`${id} ${values.get('name') ?? ''}`);
}

function baseUrlOf(
  text: string,
  values: IniSection['values'],
  context: SourceContext,
  say: (text: string) => void,
): string | null {
  const filled = expandVariables(text, context.variables);
  if (filled === null) {
    const names = unknownVariables(text, context.variables).map((name) => `$${name}`);
    say(
      `${quoted(text)} is passed over: ${names.join(' and ')} ${names.length > 1 ? 'have' : 'has'} no value in /etc/yum/vars or /etc/dnf/vars`,
    );
    return null;
  }
  const path = values.get('path')?.replace(/^\/+/, '') ?? '';
  const url = parseBaseUrl(path === '' ? filled : `${filled.replace(/\/?$/, '/')}${path}`);
  if (url === null) say(`${quoted(filled)} is passed over: not a plain http, https or ftp address`);
  // A plugin of yum puts the region into the address of the cloud's update servers, which only ask the cloud's machines.
  if (url !== null && /(?:^|\.)REGION(?:\.|$)/i.test(new URL(url).hostname)) {
    say(
      `${quoted(filled)} is passed over: a plugin of the cloud (RHUI) fills REGION in, so only the target's own yum or dnf can ask it`,
    );
    return null;
  }
  return url;
}

function discoveryOf(
  values: IniSection['values'],
  context: SourceContext,
  say: (text: string) => void,
): NonNullable<Repository['discovery']> | null {
  const metalink = values.get('metalink');
  const text = metalink ?? values.get('mirrorlist');
  if (text === undefined || text === '') return null;
  const unknown = unknownVariables(text, context.variables);
  if (unknown.length > 0) {
    say(
      `${quoted(text)} is passed over: $${unknown.join(' and $')} ${unknown.length > 1 ? 'have' : 'has'} no value in /etc/yum/vars or /etc/dnf/vars`,
    );
    return null;
  }
  const url = expandVariables(text, context.variables)?.replace('://***@', '://') ?? null;
  if (url === null || url.includes('***') || !/^https?:\/\/[^/\s]/.test(url) || /\s/.test(url) || !URL.canParse(url)) {
    say(`${quoted(text)} is passed over: not an address that can be asked`);
    return null;
  }
  // yum accepts a metalink behind the word mirrorlist and tells it by this.
  const kind = metalink !== undefined || url.includes('metalink') ? 'metalink' : 'mirror-list';
  return { kind, url: new URL(url).href };
}

function keyFilesOf(
  values: IniSection['values'],
  context: SourceContext,
  say: (text: string) => void,
): readonly string[] {
  return words(values.get('gpgkey')).flatMap((text) => {
    const filled = expandVariables(text, context.variables) ?? text;
    const path = filled.replace(/^file:\/\//, '');
    if (isSafePath(path)) return context.keyPath(path);
    say(`the key ${quoted(filled)} is not fetched: only key files of the target and pinned keys are believed`);
    return [];
  });
}

function authOf(values: IniSection['values']): RepositoryAuth {
  if ((values.get('sslclientcert') ?? '') !== '') return 'entitlement';
  return (values.get('username') ?? '') === '' ? 'none' : 'login';
}
