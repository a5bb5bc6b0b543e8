/** Secrets and terminal sequences that get into what is printed, and machines and mirrors that never come to an end. */
import { createServer, type RequestListener } from 'node:http';
import { once as happened } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { EventEmitter } from 'node:events';
import { type Attack, atEnd, codeOf, type GuardEdit, held, type Outcome, succeeded, type Tree } from './attack.ts';

const PROJECT = join(import.meta.dirname, '../..');
const SECRET = 'hunter2';
const TOKEN = 'k3JH8sdYq92mXz7LpQw4';
const ERRORS = 'src/errors.ts';
const OUTPUT = 'src/cli/output.ts';

const REDACTED: GuardEdit = {
  file: ERRORS,
  text: 'return SECRETS.reduce((rest, [pattern, mask]) => maskAll(rest, pattern, mask), safe);',
  replacement: 'return safe;',
};
const WORDS: GuardEdit = {
  file: ERRORS,
  text: '(word) => redactWord(word, paths));',
  replacement: '(word) => (paths ? word : redactWord(word, paths)));',
};
const PATHS: GuardEdit = {
  file: ERRORS,
  text: '${paths ? redactPath(path) : path}',
  replacement: '${path}',
};
const RAW_SLASH: GuardEdit = {
  file: ERRORS,
  text: "  return (query === -1 ? rest : rest.slice(0, query)).lastIndexOf('@') + 1;",
  replacement: "  return query === -2 ? 0 : authority.lastIndexOf('@') + 1;",
};
const TEXT_OUT: GuardEdit = {
  file: OUTPUT,
  text: 'stream.write(escapeControl(redact(text)))',
  replacement: 'stream.write(text)',
};
const JSON_OUT: GuardEdit = {
  file: OUTPUT,
  text: '`${toSafeJson(value, 2)}\\n`',
  replacement: '`${JSON.stringify(value, null, 2)}\\n`',
};
const LINES_OUT: GuardEdit = { file: OUTPUT, text: '`${cleanLine(line)}\\n`', replacement: '`${line}\\n`' };
const EVENTS: GuardEdit = {
  file: 'src/cli/render/renderer.ts',
  text: 'renderer.emit(clean(event))',
  replacement: 'renderer.emit(event)',
};
const DIRECTIVES: GuardEdit = {
  file: 'src/detect/facts-schema.ts',
  text: '.repositories.map(keepDirectives)',
  replacement: '.repositories.map((file) => (file === null ? keepDirectives(file) : file))',
};

type Way = 'write' | 'json' | 'foreignLine' | 'event';

/** What comes out of the process when this text is given to that way out. */
async function printed(tree: Tree, way: Way, text: string): Promise<string> {
  const stream = new PassThrough();
  if (way === 'event') {
    const { createRenderer } =
      await tree.load<typeof import('../../src/cli/render/renderer.ts')>('src/cli/render/renderer.ts');
    const renderer = createRenderer(stream, { quiet: false, verbose: true, terminal: false });
    renderer.emit({ type: 'note', level: 'warning', text });
    await renderer.close();
  } else {
    const { createOutput } = await tree.load<typeof import('../../src/cli/output.ts')>('src/cli/output.ts');
    const output = createOutput(stream);
    if (way === 'json') output.json({ text });
    else output[way](text);
  }
  return String(stream.read() ?? '');
}

function leak(name: string, text: string, guard: GuardEdit, way: Way = 'write', secret = SECRET): Attack {
  return {
    name,
    guard: [guard],
    attempt: async (tree) => {
      const out = await printed(tree, way, text);
      return out.includes(secret) ? succeeded(`the secret in ${JSON.stringify(out.slice(0, 60))}`) : held('***');
    },
  };
}

const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

function sequence(name: string, text: string, guard: GuardEdit, way: Way): Attack {
  return {
    name,
    guard: [guard],
    attempt: async (tree) =>
      OBEYED.test((await printed(tree, way, text)).trimEnd()) ? succeeded('the terminal obeys it') : held('escaped'),
  };
}

/** A source file of a target whose facts are read from a file. */
function fact(name: string, path: string, text: string): Attack {
  return {
    name,
    guard: [DIRECTIVES],
    attempt: async (tree) => {
      const { checkFacts } =
        await tree.load<typeof import('../../src/detect/facts-schema.ts')>('src/detect/facts-schema.ts');
      const { declareFacts } =
        await tree.load<typeof import('../../src/detect/declared-facts.ts')>('src/detect/declared-facts.ts');
      const facts = declareFacts({ distro: 'debian:12', release: '6.1.0-18-amd64', arch: 'x86_64', unameV: null });
      const read = checkFacts({ ...facts, repositories: [{ path, text }] }, 'facts');
      const kept = JSON.stringify(read.repositories);
      return kept.includes(SECRET) ? succeeded('the secret is a fact') : held('only directives are facts');
    },
  };
}

/** Fetches one file from a server of the attacker, with short limits. */
async function fetchFrom(tree: Tree, answer: RequestListener, limits: object = {}): Promise<Outcome> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await happened(server, 'listening');
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { createFetcher } = await tree.load<typeof import('../../src/fetch/fetcher.ts')>('src/fetch/fetcher.ts');
  // Without its guard some of them never end; with it they end by themselves, however busy the machine is.
  const ends = AbortSignal.timeout(tree.root === PROJECT ? 120_000 : 5_000);
  const fetcher = await createFetcher({
    cacheDir: join(tree.scratch(), 'cache'),
    offline: false,
    emit: () => undefined,
    now: Date.now,
    random: () => 0,
    sleep: async () => undefined,
    signal: ends,
    limits: { responseMs: 20_000, idleMs: 20_000, backoffMs: 1, maxBackoffMs: 1, ...limits },
  });
  const request = {
    name: 'Packages',
    urls: [`http://127.0.0.1:${port}/Packages`],
    sizeBytes: null,
    digest: null,
    maxBytes: 100_000,
    redirects: 'same-host',
  } as const;
  try {
    const { sizeBytes } = await fetcher.fetchFile(request);
    return succeeded(`${sizeBytes} bytes were taken`);
  } catch (error) {
    return codeOf(error) === 'INTERRUPTED' ? succeeded('the run went on and on') : held(codeOf(error));
  }
}

/** Sends bytes for as long as the other end takes them. */
const endless: RequestListener = (_, response) => {
  response.writeHead(200, { 'transfer-encoding': 'chunked' });
  const send = (): void => {
    if (response.destroyed) return;
    if (response.write(Buffer.alloc(65_536, 97))) setImmediate(send);
    else response.once('drain', send);
  };
  send();
};

const trickle: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': '90000' });
  const timer = setInterval(() => response.write('a'), 50);
  response.once('close', () => clearInterval(timer));
};

const UP_TO_BOUND: GuardEdit = {
  file: 'src/fetch/transfer.ts',
  text: 'if (received > bound) {',
  replacement: 'if (received < 0) {',
};

const mirrors: readonly Attack[] = [
  {
    name: 'a mirror that takes the connection and says nothing stalls the run',
    guard: [{ file: 'src/fetch/patience.ts', text: 'if (left > 0) {', replacement: 'if (left > -Infinity) {' }],
    attempt: (tree) => fetchFrom(tree, () => undefined, { silenceMs: 300 }),
  },
  {
    name: 'a mirror that sends a byte now and then stalls the run',
    guard: [
      { file: 'src/fetch/transfer.ts', text: 'windowBytes * 1000 < floor * elapsed', replacement: 'windowBytes < 0' },
    ],
    attempt: (tree) => fetchFrom(tree, trickle, { lowSpeedWindowMs: 150, attempts: 1 }),
  },
  {
    name: 'a mirror that is slow for the size of the file keeps the run for days',
    guard: [
      {
        file: 'src/fetch/transfer.ts',
        text: 'Math.ceil(((total ?? 0) * 1000) / limits.longestMs)',
        replacement: '0',
      },
    ],
    attempt: (tree) =>
      fetchFrom(tree, trickle, { lowSpeedWindowMs: 150, lowSpeedBytesPerSecond: 1, longestMs: 1_000, attempts: 1 }),
  },
  {
    name: 'a mirror that never stops sending fills the disk',
    guard: [UP_TO_BOUND],
    attempt: (tree) => fetchFrom(tree, endless),
  },
  {
    name: 'a mirror that redirects to itself for ever stalls the run',
    guard: [{ file: 'src/fetch/http.ts', text: 'hops <= MAX_REDIRECTS', replacement: 'hops >= 0' }],
    attempt: (tree) => fetchFrom(tree, (_, response) => response.writeHead(302, { location: '/Packages' }).end()),
  },
  {
    name: 'a login page at another host is taken for the file that was asked for',
    guard: [
      {
        file: 'src/fetch/http.ts',
        text: 'redirectTarget(current, response.location, request.redirects)',
        replacement: "redirectTarget(current, response.location, 'any')",
      },
    ],
    attempt: async (tree) => {
      const login = createServer((_, response) => response.end('<html>please log in</html>')).listen(0, '127.0.0.2');
      await happened(login, 'listening');
      atEnd(() => login.close());
      const { port } = login.address() as AddressInfo;
      const location = `http://127.0.0.2:${port}/login`;
      return fetchFrom(tree, (_, response) => response.writeHead(302, { location }).end());
    },
  },
];

async function markSeen(
  tree: Tree,
  chunks: readonly string[],
): Promise<{ readonly rest: string; readonly word: string | null; readonly before: number }> {
  const { createAfterMark } = await tree.load<typeof import('../../src/host/after-mark.ts')>('src/host/after-mark.ts');
  const after = createAfterMark('tapprep-right');
  let rest = '';
  for (const chunk of chunks) rest += Buffer.from(after.take(Buffer.from(chunk))).toString();
  return { rest, word: after.word, before: after.before.length };
}

function probe(name: string, text: string, replacement: string, said: string): Attack {
  const file = 'src/detect/probe-lines.ts';
  return {
    name,
    guard: [{ file, text, replacement }],
    attempt: async (tree) => {
      const { parseProbeLines } = await tree.load<typeof import('../../src/detect/probe-lines.ts')>(file);
      try {
        return succeeded(`${parseProbeLines(said, 'probe').all('uname-m').length} answers`);
      } catch (error) {
        return held(codeOf(error));
      }
    },
  };
}

const shells: readonly Attack[] = [
  {
    name: 'a machine behind --host that prints for ever before its mark fills the memory',
    guard: [
      {
        file: 'src/host/after-mark.ts',
        text: 'return text.length <= KEPT_BYTES ? text :',
        replacement: 'return text.length >= 0 ? text :',
      },
    ],
    attempt: async (tree) => {
      const { before } = await markSeen(
        tree,
        Array.from({ length: 300 }, () => 'x'.repeat(1000)),
      );
      return before > 100_000 ? succeeded(`${before} characters are held`) : held(`${before} characters are held`);
    },
  },
  {
    name: 'a banner of a machine behind --host that looks like the mark of its answer is taken for the answer',
    guard: [
      {
        file: 'src/host/after-mark.ts',
        text: 'let at = held.indexOf(mark);',
        replacement: "let at = held.indexOf('tapprep-');",
      },
    ],
    attempt: async (tree) => {
      const { rest } = await markSeen(tree, ['tapprep-wrong\nforged\n', 'tapprep-right\ntrue\n']);
      return rest.startsWith('forged') ? succeeded('the forged answer') : held('the mark is drawn for each run');
    },
  },
  {
    name: "a program's output that holds the mark once more starts the answer anew",
    guard: [{ file: 'src/host/after-mark.ts', text: 'if (word !== null) return chunk;', replacement: '' }],
    attempt: async (tree) => {
      const { rest } = await markSeen(tree, ['tapprep-right\ntrue\n', 'tapprep-right\nforged\n']);
      return rest.includes('true\ntapprep-right\nforged')
        ? held('only the first mark counts')
        : succeeded('words are lost');
    },
  },
  probe(
    'facts of a machine behind --host that were cut short pass for all that is there',
    'if (end === -1) throw',
    'if (end === -2) throw',
    'tapprep-probe\t1\nuname-m\tx86_64\n',
  ),
  probe(
    'a machine behind --host says twice who it is',
    'if (seen.length >= shape.times) throw',
    'if (seen.length < 0) throw',
    'tapprep-probe\t1\nuname-m\tx86_64\nuname-m\taarch64\nend\t1\n',
  ),
  probe(
    'a machine behind --host says what nobody asked',
    'if (shape === undefined) throw bad(where, `unknown key "${key.slice(0, 40)}"`);',
    'if (shape === undefined) return;',
    'tapprep-probe\t1\nrun-this\trm\nend\t1\n',
  ),
];

const EVERY: readonly Attack[] = [
  leak('a comment tells a password', `# ops: password=${SECRET}`, REDACTED),
  leak('an ini line tells a password', `password = ${SECRET}`, REDACTED),
  leak('a query named pwd is shown', `https://h/x?pwd=${SECRET}`, REDACTED),
  leak('a query named pw is shown', `https://h/x?pw=${SECRET}`, REDACTED),
  leak('a query named jwt is shown', `https://h/x?jwt=${SECRET}`, REDACTED),
  leak('a header is shown', `Authorization: Bearer ${SECRET}`, REDACTED),
  leak('a line of netrc is shown', `machine h login me password ${SECRET}`, REDACTED),
  leak('a login of an address is shown', `http://me:${SECRET}@h/x`, WORDS),
  leak('a login without a scheme is shown', `http_proxy=me:${SECRET}@proxy:3128`, WORDS),
  leak('a password with a raw "/" is shown', `http://me:12/${SECRET}@proxy:3128`, RAW_SLASH),
  leak('a token in a path is shown', `https://h/${TOKEN}/deb/`, PATHS, 'write', TOKEN),
  leak(
    'a token after its marker is shown',
    'https://h/token/0123456789abcdef0123/x',
    PATHS,
    'write',
    '0123456789abcdef',
  ),
  leak('an error or a renderer that does not mask prints a secret', `password=${SECRET}`, TEXT_OUT),
  leak('a report as JSON tells a secret', `http://me:${SECRET}@h/`, JSON_OUT, 'json'),
  leak("a script's line tells a secret", `{"url":"http://me:${SECRET}@h/"}`, LINES_OUT, 'foreignLine'),
  leak('a progress line tells a secret', `password=${SECRET}`, EVENTS, 'event'),
  sequence('a package name clears the screen', 'a\u001b[2Jb', TEXT_OUT, 'write'),
  sequence('a manifest recolours the terminal by C1', 'note: a\u009b31mb', TEXT_OUT, 'write'),
  sequence('a journal turns the direction of a line', 'replaced \u202egpj.exe', TEXT_OUT, 'write'),
  sequence('a report as JSON holds C1 and bidi raw', 'a\u009b31m\u202eb', JSON_OUT, 'json'),
  sequence("a script's line moves the cursor", 'a\u001b[1Ab', LINES_OUT, 'foreignLine'),
  sequence('an ssh banner in a note sets the title', '\u001b]0;owned\u0007', EVENTS, 'event'),
  fact('a comment of apt becomes a fact', '/etc/apt/sources.list', `# login ${SECRET}\ndeb http://h/ sid main\n`),
  fact('a password of yum becomes a fact', '/etc/yum.repos.d/a.repo', `[a]\npassword=${SECRET}\nbaseurl=http://h/\n`),
  fact(
    'a line that continues a setting of others becomes a fact',
    '/etc/apt/sources.list.d/a.sources',
    `Types: deb\nX-Login: me\n ${SECRET}\nURIs: http://h/\n`,
  ),
  {
    name: 'a proxy address of a bad form is told with its password',
    guard: [
      {
        file: 'src/fetch/http.ts',
        text: '`the proxy settings in ${names} cannot be used: not an address (${reason})`',
        replacement: '`the proxy settings in ${names} cannot be used: ${Object.values(proxyEnv).join()} (${reason})`',
      },
    ],
    attempt: async (tree) => {
      const { createHttpTransport } = await tree.load<typeof import('../../src/fetch/http.ts')>('src/fetch/http.ts');
      try {
        createHttpTransport({ env: { http_proxy: `http:// ${SECRET}` }, connectMs: 1, responseMs: 1, idleMs: 1 });
      } catch (error) {
        const { message, cause } = error as Error;
        const told = `${message} ${String(cause)} ${JSON.stringify(cause ?? null)}`;
        return told.includes(SECRET) ? succeeded('the password of the proxy') : held(codeOf(error));
      }
      return held('accepted without a word');
    },
  },
  {
    name: 'a password that is typed at once is shown, because the terminal still echoes',
    guard: [
      {
        file: 'src/cli/secret.ts',
        text: 'const asker = createInterface(',
        replacement: 'output.write(question);\n  const asker = createInterface(',
      },
    ],
    attempt: async (tree) => {
      const { askSecret } = await tree.load<typeof import('../../src/cli/secret.ts')>('src/cli/secret.ts');
      let isSilent = false;
      let early = false;
      const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => (isSilent = on) });
      const output = Object.assign(new EventEmitter(), {
        write: (text: string) => {
          if (text.startsWith('password') && !isSilent) early = true;
        },
      });
      input.write(`${SECRET}\r`);
      const terminal = [input as unknown as ReadStream, output as unknown as WriteStream] as const;
      await askSecret(...terminal, 'password: ', new AbortController().signal);
      return early ? succeeded('the question came while the terminal echoed') : held('echo off first');
    },
  },
];

export const attacks: readonly Attack[] = [...EVERY, ...mirrors, ...shells];
