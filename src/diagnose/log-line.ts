/** One line of a log, cleaned of what terminals, loggers and mail put around it. Pure. */

export interface LogLine {
  /** Which line of the log it is, counted without empty ones. */
  readonly position: number;
  /** As it stands in the log, for evidence. */
  readonly raw: string;
  /** What the rules read. */
  readonly text: string;
}

/** Longer lines are cut into pieces, so that no pattern ever runs on unbounded text. */
const LONGEST_LINE = 2048;

const ESCAPE_SEQUENCE = /\u001b(?:\[[0-9;:?]{0,32}[@-~]|\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
/** What loggers put before a message; taken off one after the other. */
const PREFIXES: readonly RegExp[] = [
  /^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,]{0,10}(?:Z|\s?[+-]\d\d:?\d\d)?\]?[\s:|]*/,
  // Notes of a day: only in front of a prompt.
  /^\[?\d\d:\d\d\]? +(?=[$#❯%] \S)/,
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?[\s|]+/,
  /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d (?:[\w.-]{1,64} )?(?:[\w.()/-]{1,48}(?:\[\d{1,10}\])?: )?/,
  /^<\d{1,3}>/,
  /^\[(?:[A-Z][a-z]{2} )?[ \d]{1,8}\.\d{3,9}\](?:\[[ \w]{1,16}\])?\s*/,
  /^\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]\s*/,
  /^[\w.-]{1,48} {0,8}\| /,
  /^\{?\s{0,8}["']?(?:log|message|msg|stdout|stderr|output)["']?\s{0,4}[:=]\s{0,4}b?["']/,
  /^(?:>\s?)+/,
  // Who said it in a chat, and what is marked there as a quotation.
  /^<[@+ ]?[a-zA-Z_[\]`^{}][\w[\]`^{}|-]{0,30}> (?:\| ?)?/,
];
/** An element of a list in JSON. */
const ELEMENT = /^"((?:[^"\\]|\\.){1,2000})",?$/;
const QUOTES: readonly (readonly [RegExp, string])[] = [
  // UTF-8 quotes that were read as Windows-1252 or Latin-1 on the way.
  [/\u00e2\u0080[\u0098\u0099]|\u00e2\u20ac[\u02dc\u2122]/g, "'"],
  [/\u00e2\u0080[\u009c\u009d]|\u00e2\u20ac[\u0153\u009d]/g, '"'],
  [/[\u2018\u2019\u201a\u201b\u2039\u203a]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\uff02]/g, '"'],
  [/[\u00a0\u2007\u202f\u3000\t]/g, ' '],
  [/\uff1a/g, ':'],
];

const JSON_LIKE = /^\s*(?:\{\s*"|\[\s*[{"]|")|\b(?:stderr|stdout|log|output|message|msg)["']?\s{0,4}[:=]\s{0,4}b?["']/;

/** Mail cuts its lines at 76 characters and ends them in "=" there; quoting adds to that. Digests end in "=" as well. */
const SOFT_BREAK = /^((?:> ?){0,4}).{62,76}(?<![\w+/]{40})(?<!=)=$/;
const ENCODED = /(?:=[0-9A-F]{2}){1,200}/g;

/** Splits a log into lines; those that mail has cut and log lines inside JSON strings and lists are unfolded. */
export function splitLog(text: string): readonly LogLine[] {
  const lines: LogLine[] = [];
  for (const line of unfoldMail(text.split(/\r\n|\n|\r/))) {
    for (const unfolded of unfoldLists(line)) {
      for (let start = 0; start < unfolded.length; start += LONGEST_LINE) {
        const raw = unfolded.slice(start, start + LONGEST_LINE);
        const cleaned = cleanLine(raw);
        if (cleaned !== '') lines.push({ position: lines.length, raw, text: cleaned });
      }
    }
  }
  return lines;
}

/** A line without escape sequences, logger prefixes and typographic quotes. */
function cleanLine(raw: string): string {
  let text = raw.replace(ESCAPE_SEQUENCE, '');
  for (const [quote, plain] of QUOTES) text = text.replace(quote, plain);
  text = text.trim();
  for (let round = 0; round < 3; round += 1) {
    const before = text;
    for (const prefix of PREFIXES) text = text.replace(prefix, '');
    if (text === before) break;
  }
  return text.replace(ELEMENT, '$1').trimEnd();
}

/** What "quoted-printable" is put back together; any other text stays as it is. */
function unfoldMail(lines: readonly string[]): readonly string[] {
  const isMail = lines.filter((line) => SOFT_BREAK.test(line)).length > 1;
  if (!isMail) return lines;
  const whole: string[] = [];
  let quotation: string | null = null;
  for (const line of lines) {
    const piece: string = quotation !== null && line.startsWith(quotation) ? line.slice(quotation.length) : line;
    if (quotation === null) whole.push(piece);
    else whole.push(`${whole.pop() ?? ''}${piece}`);
    quotation = SOFT_BREAK.exec(line)?.[1] ?? null;
    if (quotation !== null) whole.push((whole.pop() ?? '').slice(0, -1));
  }
  return whole.map((line) =>
    line.replace(ENCODED, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8')),
  );
}

/** Where a list of lines begins: Ansible's, in JSON or as Python 2 and 3 print it. */
const LIST = /(?<!\w)u?["'](stdout|stderr)_lines["']: ?\[/g;
const LIST_ELEMENT = /\s{0,8}u?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s{0,8}([,\]])/y;
/** The same text in one piece. */
const WHOLE_TEXTS = {
  stdout: /(?<!\w)u?["']stdout["']: ?u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/g,
  stderr: /(?<!\w)u?["']stderr["']: ?u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/g,
} as const;
const BLANKS: ReadonlySet<string> = new Set(['t', 'n', 'r']);

/** The elements of such lists become lines behind the one that held them. */
function unfoldLists(line: string): readonly string[] {
  const pieces: string[] = [];
  const found: string[] = [];
  let rest = 0;
  let isWhole = { stdout: false, stderr: false };
  for (const { 0: head, 1: stream = '', index } of line.matchAll(LIST)) {
    const list = index < rest ? null : readList(line, index + head.length);
    if (list === null) continue;
    pieces.push(line.slice(rest, index + head.length));
    found.push(...list.elements);
    rest = list.end;
    if (list.elements.length > 0) isWhole = { ...isWhole, [stream]: true };
  }
  if (rest === 0) return unfoldJson(line);
  let around = [...pieces, line.slice(rest)].join('');
  if (isWhole.stdout) around = around.replaceAll(WHOLE_TEXTS.stdout, '"stdout": ""');
  if (isWhole.stderr) around = around.replaceAll(WHOLE_TEXTS.stderr, '"stderr": ""');
  return [...unfoldJson(around), ...found];
}

/** Null for what is no whole list of strings. @returns end the place of its closing bracket */
function readList(line: string, start: number): { readonly elements: readonly string[]; readonly end: number } | null {
  const elements: string[] = [];
  LIST_ELEMENT.lastIndex = start;
  for (let closing: string | undefined = line[start]; closing !== ']';) {
    const [, double, single, next] = LIST_ELEMENT.exec(line) ?? [];
    if (next === undefined) return null;
    elements.push(unescapeText(double ?? single ?? ''));
    closing = next;
  }
  return { elements, end: elements.length === 0 ? start : LIST_ELEMENT.lastIndex - 1 };
}

function unescapeText(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-f]{4})|(.))/gi, (_whole, code: string | undefined, letter: string) => {
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    return BLANKS.has(letter) ? ' ' : letter;
  });
}

/** Container and CI logs carry whole texts in JSON strings: `\n` and `\"` become what they stand for. */
function unfoldJson(line: string): readonly string[] {
  if (!line.includes('\\n') && !line.includes('\\"')) return [line];
  if (!JSON_LIKE.test(line.slice(0, LONGEST_LINE))) return [line];
  const pieces = line
    .replaceAll('\\"', '"')
    .replaceAll('\\t', ' ')
    .split(/\\r\\n|\\n/);
  // What follows the string, such as `","stream":"stderr"}`, is no line of its own.
  return pieces.filter((piece) => !/^["'],\s{0,4}["']|^["']\}/.test(piece));
}
