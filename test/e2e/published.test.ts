import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseProbeOutput } from '../../src/detect/probe-output.ts';
import { publishedSchema, SCHEMAS } from '../../src/report/report-schema.ts';
import { Cli } from '../helpers/cli.ts';
import { faultsOf } from '../helpers/schema.ts';

const cli = new Cli();
afterAll(() => cli.close());
const facts = join(cli.home, 'web1.facts');
writeFileSync(facts, readFileSync('test/fixtures/probe/centos-6.txt', 'utf8'));

// Cli itself holds each of these against its schema.
test.each([
  [['--version', '--json'], 0],
  [['detect', '--json'], null],
  [['detect', '--json', '--facts', facts], null],
  [['explain', '--json', 'test/cases/gcc-missing-by-name.txt'], null],
  [['verify', '--json', '--distro', 'debian:12'], 2],
  [['plan', '--json', '--offline', '--distro', 'debian:12', '--kernel', '6.1.0-18-amd64'], 3],
] as const)('tapprep %j prints its published form', async (args, expected) => {
  const { code, stdout } = await cli.run(args);
  expect(typeof JSON.parse(stdout || '{"none": true}')).toBe('object');
  expect(stdout).not.toBe('');
  expect(expected === null || expected === code).toBe(true);
});

test('the check can fail', () => {
  const good = parseProbeOutput(readFileSync(facts, 'utf8'));
  expect(faultsOf('facts', good)).toEqual([]);
  expect(faultsOf('facts', { ...good, schema: 'tapprep-facts/2' })).toEqual(['/schema: must be equal to constant']);
  expect(faultsOf('facts', { ...good, added: 'in a later release' })).toEqual([]);
});

test('the schemas of the package are those of the program, each with its version', () => {
  const names = Object.entries(SCHEMAS).map(([name, { version }]) => `${name}.${String(version)}.schema.json`);
  expect(readdirSync('schemas').toSorted()).toEqual(names.toSorted());
  for (const name of Object.keys(SCHEMAS)) {
    expect(JSON.parse(readFileSync(`schemas/${name}.1.schema.json`, 'utf8'))).toEqual(publishedSchema(name));
  }
});

test('--version --json names the commit that was built', async () => {
  const told = JSON.parse((await cli.run(['--version', '--json'])).stdout) as { commit: string; systemtap: string[] };
  expect(execFileSync('git', ['-c', 'safe.directory=*', 'cat-file', '-t', told.commit]).toString()).toBe('commit\n');
  expect(told.systemtap).toContain('5.1');
});
