/** /etc/yum.repos.d/*.repo as yum and dnf read them (yum.conf(5), dnf.conf(5)). Pure. */
import type { HostRepositoryFile, Repository, RepositoryAuth, RepositoryIdentity } from '../types.ts';
import { expandVariables, isOn, parseRepoIni, unknownVariables } from './repo-ini.ts';
import type { IniSection } from './repo-ini.ts';
import { EVERY_CONTENT, isKeyringPath, isSafePath, parseBaseUrl, quoted } from './source-file.ts';
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
  const why = context.frontEnd === null ? null : reasonForFrontEnd(values, context);
  if (why !== null) say(`asked by the target's own package manager: ${why}`);
  const bases =
    why !== null
      ? [{ url: `${context.frontEnd}${encodeURIComponent(section.id)}/`, token: null }]
      : words(values.get('baseurl')).flatMap((text) => baseUrlOf(text, values, context, say) ?? []);
  const token = bases[0]?.token ?? null;
  const baseUrls = bases.filter((base) => base.token === token).map(({ url }) => url);
  const identity = why !== null ? null : identityOf(values, token, context, say);
  const discovery = why !== null ? null : discoveryOf(values, context, say);
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
    auth: authOf(values, token),
    ...(identity === null ? {} : { identity }),
    ...choicesOf(values, context),
    enabled,
  };
}

/** Why only the target itself can ask a repository; null where this machine can. */
function reasonForFrontEnd(values: IniSection['values'], { clientFile }: SourceContext): string | null {
  const addresses = ['baseurl', 'mirrorlist', 'metalink'].map((key) => values.get(key) ?? '').join(' ');
  if (REGION.test(addresses)) return 'a plugin of the cloud (RHUI) fills in its address';
  if (/(?:^|\s)plugin:/i.test(addresses)) return 'its address comes from a plugin';
  if (/[?&]credentials=/.test(addresses)) return 'it names an account that lies there';
  const isElsewhere = clientFile === null && (values.get('sslclientcert') ?? '') !== '';
  return isElsewhere ? 'its client key stays where it is' : null;
}

const REGION = /:\/\/(?:[^/\s]*\.)?REGION(?:[./\s]|$)/i;

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

function isSourceRepository({ id, values }: IniSection): boolean {
  return /(^|[-_.])(source|sources|src|srpms?)([-_.]|$)/i.test(id) || /\/SRPMS\/?$/i.test(values.get('baseurl') ?? '');
}

function isDebugRepository({ id, values }: IniSection): boolean {
  return /debug/i.test(`${id} ${values.get('name') ?? ''}`);
}

/** What stands behind the "?" of a registered channel's address belongs to every address below it. */
interface Base {
  readonly url: string;
  readonly token: string | null;
}

const TOKEN = /^[\w.~+=&%-]{1,4096}$/;

function baseUrlOf(
  text: string,
  values: IniSection['values'],
  context: SourceContext,
  say: (text: string) => void,
): Base | null {
  const filled = expandVariables(text, context.variables);
  if (filled === null) {
    const names = unknownVariables(text, context.variables).map((name) => `$${name}`);
    say(
      `${quoted(text)} is passed over: ${names.join(' and ')} ${names.length > 1 ? 'have' : 'has'} no value in /etc/yum/vars or /etc/dnf/vars`,
    );
    return null;
  }
  const path = values.get('path')?.replace(/^\/+/, '') ?? '';
  const [address = '', ...query] = filled.split('?');
  const token = query.length === 0 ? null : query.join('?');
  if (token !== null && !TOKEN.test(token)) {
    say(
      token.includes('***')
        ? `${quoted(filled)} is passed over: the registration in its address stays on the target`
        : `${quoted(filled)} is passed over: what stands behind its "?" is no registration`,
    );
    return null;
  }
  if (token !== null && /(?:^|&)credentials=/.test(token)) {
    say(`${quoted(address)} is passed over: it names an account that only the target's own zypper reads`);
    return null;
  }
  const url = parseBaseUrl(path === '' ? address : `${address.replace(/\/?$/, '/')}${path}`);
  if (url === null) say(`${quoted(filled)} is passed over: not a plain http, https or ftp address`);
  // A plugin of yum puts the region into the address of the cloud's update servers, which only ask the cloud's machines.
  if (url !== null && /(?:^|\.)REGION(?:\.|$)/i.test(new URL(url).hostname)) {
    say(
      `${quoted(filled)} is passed over: a plugin of the cloud (RHUI) fills REGION in, so only the target's own yum or dnf can ask it`,
    );
    return null;
  }
  return url === null ? null : { url, token };
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

/** What is taken from a source before others, or not at all. yum only knows priorities by a plugin. */
function choicesOf(
  values: IniSection['values'],
  { knowsPriorities, excludes }: SourceContext,
): Pick<Repository, 'priority' | 'excludes' | 'includes'> {
  const priority = /^\d{1,5}$/.exec(values.get('priority') ?? '')?.[0];
  const left = [...excludes, ...words(values.get('exclude')), ...words(values.get('excludepkgs'))].filter(isPattern);
  const only = words(values.get('includepkgs')).filter(isPattern);
  return {
    ...(priority === undefined || !knowsPriorities ? {} : { priority: Number(priority) }),
    ...(left.length === 0 ? {} : { excludes: left }),
    ...(only.length === 0 ? {} : { includes: only }),
  };
}

function isPattern(text: string): boolean {
  return /^[\w.+~^:*?-]{1,200}$/.test(text);
}

function keyFilesOf(
  values: IniSection['values'],
  context: SourceContext,
  say: (text: string) => void,
): readonly string[] {
  return words(values.get('gpgkey')).flatMap((text) => {
    const filled = expandVariables(text, context.variables) ?? text;
    const path = filled.replace(/^file:\/\//, '');
    if (context.ownKeys ? isSafePath(path) : isKeyringPath(path)) return context.keyPath(path);
    if (isSafePath(path)) {
      say(
        `the key ${quoted(path)} is passed over: here only pinned keys and the keyrings of this machine are believed`,
      );
      return [];
    }
    say(`the key ${quoted(filled)} is not fetched: only key files of the target and pinned keys are believed`);
    return [];
  });
}

/** The registration that a source names: files of the target, or a token in its address. */
function identityOf(
  values: IniSection['values'],
  token: string | null,
  context: SourceContext,
  say: (text: string) => void,
): RepositoryIdentity | null {
  const fileOf = (key: string): string | null => {
    const text = values.get(key) ?? '';
    const path = (expandVariables(text, context.variables) ?? text).replace(/^file:\/\//, '');
    if (path === '') return null;
    if (isSafePath(path)) return path;
    say(`${key}=${quoted(path)} is ignored: not a plain path`);
    return null;
  };
  const [certificate, key, authorities] = ['sslclientcert', 'sslclientkey', 'sslcacert'].map(fileOf);
  if ((certificate ?? authorities ?? token ?? null) === null) return null;
  const { clientFile } = context;
  const here = (path: string | null | undefined): string | null =>
    path === null || path === undefined ? null : (clientFile?.(path) ?? path);
  return {
    certificate: here(certificate),
    key: here(key),
    authorities: here(authorities),
    token,
    isHere: clientFile !== null,
  };
}

function authOf(values: IniSection['values'], token: string | null): RepositoryAuth {
  if (token !== null) return 'scc';
  if ((values.get('sslclientcert') ?? '') !== '') return 'entitlement';
  return (values.get('username') ?? '') === '' ? 'none' : 'login';
}
