/**
 * modules.yaml of an rpm-md repository, as libmodulemd writes it: which streams of a module there are, which packages belong to
 * each, and which stream is the default. Of YAML it knows what that library prints. Pure.
 */
import { TapprepError } from '../../errors.ts';

/** One build of a stream of a module. */
export interface ModuleBuild {
  readonly name: string;
  readonly stream: string;
  /** Streams of other modules that do, by module; none is any stream. */
  readonly requires: ReadonlyMap<string, readonly string[]>;
  /** name-epoch:version-release.arch, the epoch always written. */
  readonly artifacts: readonly string[];
}

export interface ModuleIndex {
  readonly builds: readonly ModuleBuild[];
  /** Default stream by module. */
  readonly defaults: ReadonlyMap<string, string>;
}

/** A reader of lines; `end` gives what they said. */
export interface ModulemdReader {
  line(text: string): void;
  /** @throws TapprepError BAD_METADATA */
  end(): ModuleIndex;
}

interface Draft {
  kind: string | null;
  readonly fields: Map<string, string>;
  readonly requires: Map<string, string[]>;
  readonly artifacts: string[];
  /** Keys of the mappings that the last line stands in, with the columns where they begin. */
  path: { readonly column: number; readonly key: string }[];
}

/** Several times Fedora's. */
const MAX_BUILDS = 20_000;
const MAX_ARTIFACTS = 2_000_000;

/** @param name of the file, for messages */
export function createModulemdReader(name: string): ModulemdReader {
  const builds: ModuleBuild[] = [];
  const defaults = new Map<string, string>();
  let draft: Draft | null = null;
  let artifacts = 0;

  const bad = (why: string): TapprepError => new TapprepError('BAD_METADATA', `${name} cannot be read: ${why}`);
  const finish = (): void => {
    if (draft === null) return;
    const { kind, fields, requires, artifacts: list } = draft;
    draft = null;
    if (kind === null) throw bad('a document of it says nothing of its kind');
    const stream = fields.get('data/stream');
    if (kind === 'modulemd-defaults') {
      const module = fields.get('data/module');
      if (module === undefined) throw bad('a document of defaults names no module');
      if (stream !== undefined) defaults.set(module, stream);
    }
    if (kind !== 'modulemd') return;
    const module = fields.get('data/name');
    if (module === undefined || stream === undefined) throw bad('a document of a module names no module and stream');
    builds.push({
      name: module,
      stream,
      requires,
      artifacts: list,
    });
    artifacts += list.length;
    if (builds.length > MAX_BUILDS || artifacts > MAX_ARTIFACTS)
      throw new TapprepError(
        'TOO_LARGE',
        `${name} lists more than ${MAX_BUILDS} builds of modules or ${MAX_ARTIFACTS} packages`,
      );
  };

  return {
    line(text) {
      if (/^---(?:\s|$)/.test(text)) {
        finish();
        draft = { kind: null, fields: new Map(), requires: new Map(), artifacts: [], path: [] };
        return;
      }
      if (/^\.\.\.\s*$/.test(text)) finish();
      else if (draft !== null) readLine(text, draft);
      else if (text.trim() !== '' && !text.startsWith('#')) throw bad('it does not begin with a document');
    },
    end() {
      finish();
      return { builds, defaults };
    },
  };
}

/** `  - key: value`, `key:` or `- value`: its column is that of what follows the dashes. */
const LINE = /^( *(?:- +)*)(?:("[^"]*"|'[^']*'|[^\s:#&*!|>'"%@`[\]{},][^:]*?):(?: +(.*))?|(.*))$/;

function readLine(text: string, draft: Draft): void {
  const match = LINE.exec(text.trimEnd());
  if (match === null || text.trim() === '') return;
  const [, lead = '', key, value = '', item] = match;
  const column = lead.length;
  draft.path = draft.path.filter((outer) => outer.column < column || (key === undefined && outer.column === column));
  const outer = draft.path.map((each) => each.key).join('/');
  if (key === undefined) {
    if (outer === 'data/artifacts/rpms' && lead.trimEnd().endsWith('-')) draft.artifacts.push(unquote(item ?? ''));
    return;
  }
  const name = unquote(key);
  draft.path.push({ column, key: name });
  if (outer === '' && name === 'document') draft.kind = unquote(value);
  if (outer === 'data' && value !== '') draft.fields.set(`data/${name}`, unquote(value));
  if (outer === 'data/dependencies/requires') draft.requires.set(name, listOf(value));
}

function listOf(value: string): string[] {
  const inner = /^\[(.*)\]$/.exec(value.trim())?.[1] ?? '';
  return inner
    .split(',')
    .map((each) => unquote(each.trim()))
    .filter((each) => each !== '');
}

function unquote(text: string): string {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(text.trim());
  return quoted?.[1] ?? quoted?.[2] ?? text.trim();
}
