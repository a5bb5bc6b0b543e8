import { globSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOutput, type Output } from '../../../src/cli/output.ts';
import { createRenderer } from '../../../src/cli/render/renderer.ts';
import { loadCatalogue } from '../../../src/scripts/catalogue.ts';
import { escapeControl, redact } from '../../../src/errors.ts';

function written(act: (output: Output) => void): string {
  const stream = new PassThrough();
  act(createOutput(stream));
  return String(stream.read() ?? '');
}

const HOSTILE = 'a\u001b[2J\u009b31m\u202eb\rhttp://u:hunter2@h/ password=hunter2';
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test.each([
  ['text', (output: Output) => output.write(HOSTILE)],
  ['a report', (output: Output) => output.json({ a: [HOSTILE] })],
  ['lines of JSON', (output: Output) => void output.jsonLines([HOSTILE, HOSTILE])],
  ["a script's own line", (output: Output) => output.foreignLine(HOSTILE)],
  ["a script's own JSON", (output: Output) => output.foreignLine(JSON.stringify({ a: HOSTILE }))],
])('no secret and no control character comes out as %s', (_, act) => {
  const text = written(act);
  expect(text).not.toMatch(OBEYED);
  expect(text).not.toContain('hunter2');
});

test('a line that is JSON stays JSON, and keeps the digits of its numbers', () => {
  fc.assert(
    fc.property(fc.json(), (line) => {
      expect(JSON.parse(written((output) => output.foreignLine(line)))).toBeDefined();
    }),
  );
  expect(written((output) => output.foreignLine('{"bytes": 18446744073709551615}'))).toBe(
    '{"bytes": 18446744073709551615}\n',
  );
});

test('what a renderer shows is clean before it has it', async () => {
  const stream = new PassThrough();
  const renderer = createRenderer(stream, { quiet: false, verbose: true, terminal: false });
  renderer.emit({ type: 'note', level: 'info', text: HOSTILE });
  renderer.emit({ type: 'command', where: HOSTILE, argv: ['curl', HOSTILE] });
  renderer.emit({ type: 'stage', stage: HOSTILE, status: 'done', detail: HOSTILE });
  await renderer.close();
  const text = String(stream.read());
  expect(text.split('\n')).toHaveLength(4);
  expect(text).not.toMatch(OBEYED);
  expect(text).not.toContain('hunter2');
});

test('the scripts of the catalogue are shown as they are', async () => {
  for (const { script } of await loadCatalogue(process.cwd())) expect(escapeControl(redact(script))).toBe(script);
});

test('only the way out makes JSON of a report, and only it and the prompts see the streams of the process', () => {
  const files = globSync('src/cli/**/*.ts').map((file) => [file, readFileSync(file, 'utf8')] as const);
  const stringifies = files.filter(([, text]) => text.includes('JSON.stringify')).map(([file]) => file);
  expect(stringifies).toEqual(['src/cli/output.ts']);
  const writes = files.filter(([, text]) => /process\.std(?:out|err)\b/.test(text)).map(([file]) => file);
  // A second signal ends the process at once: its one sentence is written where nothing else can hold it up.
  expect(writes.toSorted()).toEqual(['src/cli/main.ts', 'src/cli/stop-signals.ts']);
  const given = files
    .filter(([, text]) => /\bterminal\.std(?:out|err)\b|\bTerminal\b/.test(text))
    .map(([file]) => file);
  expect(given.toSorted()).toEqual(['src/cli/process-context.ts', 'src/cli/program.ts']);
});
