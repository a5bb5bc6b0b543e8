import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';

/** Every import of every source file: [importing file, what it imports], own files as paths below src/. */
function collectImports(): readonly (readonly [string, string])[] {
  const out: [string, string][] = [];
  for (const file of globSync('src/**/*.ts')) {
    const text = readFileSync(file, 'utf8');
    for (const match of text.matchAll(/(?:from|import|import\()\s*['"]([^'"]+)['"]/g)) {
      const name = match[1] ?? '';
      out.push([file.slice(4), name.startsWith('.') ? normalize(join(dirname(file), name)).slice(4) : name]);
    }
  }
  return out;
}

/** Comments may speak of process; code may not. */
function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

const imports = collectImports();

test('the walk sees the code', () => {
  expect(imports.length).toBeGreaterThan(3);
  expect(imports).toContainEqual(['resolve/reader.ts', 'types.ts']);
});

test('types.ts and errors.ts import nothing of ours', () => {
  expect(imports.filter(([from]) => from === 'types.ts' || from === 'errors.ts')).toEqual([]);
});

test('files/, the ground floor, imports types.ts, errors.ts, interruption.ts and shell-words.ts and nothing else of ours', () => {
  const found = imports.filter(([from, to]) => from.startsWith('files/') && to.endsWith('.ts'));
  expect(found.length).toBeGreaterThan(5);
  expect(found.filter(([, to]) => !/^(files\/|(types|errors|interruption|shell-words)\.ts$)/.test(to))).toEqual([]);
});

const PURE = [
  /^version\//,
  /^detect\/(?!facts\.ts)/,
  /^mirrors\/select\.ts/,
  /^resolve\/(match|plan|package-names)\.ts/,
  /^install\/commands\.ts/,
  /^diagnose\//,
  /^resolve\/(rpm\/(?!read-repositories)|listing\/index-page|location|rpm-file-name)/,
  /^resolve\/rpm-md\/(xml|digest|repomd|frames|package-frame|metalink|mirror-list)\.ts/,
  /^trust\/rpm-(section|header)\.ts/,
];
const EFFECTS = /^(node:(fs|child_process|process|os|net|http|https|timers|worker_threads)|execa|got)/;
const EDGES = /^(files\/|host\/(?!host\.ts)|fetch\/|vm\/|cli\/)/;

test('pure modules touch no file, process, clock or network', () => {
  const found = imports.filter(
    ([from, to]) => PURE.some((pattern) => pattern.test(from)) && (EFFECTS.test(to) || EDGES.test(to)),
  );
  expect(found).toEqual([]);
});

const HOMES: readonly (readonly [string, RegExp])[] = [
  ['execa', /^host\//],
  ['got', /^fetch\/http\.ts$/],
  ['tar', /^(bundle\/|trust\/deb-(?:control|data)\.ts)/],
  ['listr2', /^cli\/render\//],
  ['semver', /^(detect\/stap-version\.ts|systemtap\/)/],
  ['zod', /schema\.ts$/],
  ['smol-toml', /^cli\/configuration\.ts$/],
  ['commander', /^cli\/program\.ts$/],
  ['basic-ftp', /^fetch\/ftp\.ts$/],
];

test.each(HOMES)('%s has one home', (library, home) => {
  expect(imports.filter(([from, to]) => to === library && !home.test(from))).toEqual([]);
});

test('zod comes without its languages, which its exports z and default bring into every start', () => {
  const named = globSync('src/**/*.ts').filter((file) =>
    /^import (?!(?:type )?\* as z from).*'zod';$/m.test(readFileSync(file, 'utf8')),
  );
  expect(named).toEqual([]);
});

test('nothing outside cli/ imports cli/', () => {
  expect(imports.filter(([from, to]) => to.startsWith('cli/') && !from.startsWith('cli/'))).toEqual([]);
});

test('only cli/ and host/local.ts read process.*, and files/own-user.ts who this is', () => {
  const readers = globSync('src/**/*.ts').filter((file) =>
    /(?<![-\w])process\./.test(stripComments(readFileSync(file, 'utf8'))),
  );
  expect(readers.filter((file) => !/^src\/(cli\/|host\/local\.ts|files\/own-user\.ts)/.test(file))).toEqual([]);
});

/** The thread that computes digests has its state for itself. Each open session's plans go with that session. */
const KEEPERS = new Set(['src/fetch/digest-worker.ts', 'src/pipeline/plan-systemtap.ts']);

test('no module keeps anything from one use to the next', () => {
  const variable =
    /^(?:export )?let |^(?:export )?const \w+(?:: (?!Readonly|readonly)[^=\n]*)? = (?:new (?:Weak)?(?:Map|Set)\b|\[\]|\{\};)|^  static (?!readonly)\S+(?:: [^(\n]*)? = /m;
  const found = globSync('src/**/*.ts').filter((file) => variable.test(readFileSync(file, 'utf8')));
  expect(found.toSorted()).toEqual([...KEEPERS].toSorted());
});

/**
 * What tapprep says to people is not what its code decides by: no regular expression, and no method that looks into a text,
 * on a field that holds a sentence. Renderers lay sentences out, and may look at their form.
 */
const SENTENCES = /\b(?:reason|reasons|step|check|fix|message|cause|detail|hint|notes?)\b/;
const LOOKS_INTO = [
  /\.(?:test|exec)\(([^()\n]*(?:\([^()\n]*\))?[^()\n]*)\)/g,
  /([\w.?]+)\??\.(?:includes|startsWith|endsWith|match|matchAll|search|indexOf)\(/g,
];
const RENDERERS = /^src\/(cli\/render|report)\//;
/** Messages of others: of a library, and of the system. */
const FOREIGN = new Map([['src/fetch/ftp.ts', 'basic-ftp tells a timeout by its message alone']]);

test('no code reads back a sentence that tapprep wrote', () => {
  const found: string[] = [];
  for (const file of globSync('src/**/*.ts').filter((name) => !RENDERERS.test(name) && !FOREIGN.has(name))) {
    const text = stripComments(readFileSync(file, 'utf8'));
    for (const pattern of LOOKS_INTO)
      for (const [whole, over = ''] of text.matchAll(pattern)) {
        const last = over.split(/[^\w]+/).findLast((word) => word !== '') ?? '';
        if (SENTENCES.test(last)) found.push(`${file}: ${whole}`);
      }
  }
  expect(found).toEqual([]);
});

/** Commands that act on a target, as a hint's text would begin with them. */
const OF_TARGET = COMMANDS.filter(({ target }) => target).map(({ name }) => name);
const HINTS = new RegExp(
  String.raw`\bhint(?::|\s*=|\s*\?\?)[^,;{}'"\x60]*['"\x60]((?:sudo )?tapprep (?:${OF_TARGET.join('|')})\b[^'"\x60]*)`,
  'g',
);

/** A page of the manual is for no target; at the edge it is known where the target is another on purpose. */
function namesItself(file: string, text: string): boolean {
  return / --help\b/.test(text) || (file.startsWith('src/cli/') && / --(?:distro|inventory) /.test(text));
}

test('a command for the target is a remedy, to which the renderer adds its options, and no text', () => {
  const found = globSync('src/**/*.ts').flatMap((file) =>
    Array.from(stripComments(readFileSync(file, 'utf8')).matchAll(HINTS), ([, text = '']) => [file, text] as const),
  );
  expect(found.length).toBeGreaterThan(2);
  expect(found.filter((one) => !namesItself(...one)).map((one) => one.join(': '))).toEqual([]);
});

/** A text that begins with one of these is a command, which takes paths or addresses. */
const PROGRAMS = 'ls|rm|df|du|cp|mv|cat|less|chmod|chown|mount|curl|export|openssl (?:pkey|x509)|gpg -';
/** What these put in is quoted before, or for the shell itself to read: "$(uname -r)", "$HOME". */
const SHELL_TEXT = new Set(['src/diagnose/render-remedy.ts']);

test('a command that people paste quotes what is put into it', () => {
  const command = new RegExp(
    String.raw`(\w*)\x60(?:${PROGRAMS}) ?(?!failed)[^\x60$]*\$\{[\w.?\[\]]+[^(\x60]*\x60`,
    'g',
  );
  const found = globSync('src/**/*.ts').flatMap((file) =>
    Array.from(stripComments(readFileSync(file, 'utf8')).matchAll(command), ([text, tag]) => ({ file, text, tag })),
  );
  expect(found.filter(({ tag }) => tag === 'shellLine').length).toBeGreaterThan(20);
  const bare = found.filter(({ file, tag }) => tag === '' && !SHELL_TEXT.has(file));
  expect(bare.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
});

test('only what quotes says of a text that a shell may read it', () => {
  const found = globSync('src/**/*.ts').filter((file) =>
    /\bas (?:\w+ as )?ShellText\b/.test(readFileSync(file, 'utf8')),
  );
  expect(found).toEqual(['src/shell-words.ts']);
});

/** The seam between package systems, and the step that finds out which of them a target is of. */
const SEAM = /^src\/(package-system\/|install\/commands\.ts|detect\/)/;

test('nothing outside the seam asks for the family of a target', () => {
  const question = /\b(?:family|manager|packageManager|method|userland) (?:===|!==) '(?:deb|dpkg|rpm)'/g;
  const found = globSync('src/**/*.ts')
    .filter((file) => !SEAM.test(file))
    .flatMap((file) =>
      Array.from(stripComments(readFileSync(file, 'utf8')).matchAll(question), ([text]) => `${file}: ${text}`),
    );
  expect(found).toEqual([]);
});

/** Imports of values: what stands behind "import type", or is marked as a type, is gone when the code runs. */
function collectValueImports(): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, readonly string[]>();
  for (const file of globSync('src/**/*.ts')) {
    const statements = readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )([^;]*?)\s*from '(\.[^']+)';/gm,
    );
    const targets = Array.from(statements).flatMap(([, names = '', to = '']) => {
      const words = names.replaceAll(/[{}]/g, '').split(',');
      const hasValue = words.some((word) => word.trim() !== '' && !word.trim().startsWith('type '));
      return hasValue ? [normalize(join(dirname(file), to))] : [];
    });
    out.set(normalize(file), targets);
  }
  return out;
}

test('no import of values runs in a circle', () => {
  const graph = collectValueImports();
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' > '));
    if (path.includes(file) || done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  expect(graph.size).toBeGreaterThan(100);
  expect(circles).toEqual([]);
});
