/** A run as JUnit XML, for the pipelines that show it: one suite a command, one case a step. Pure. */
import { textOf } from '../sentence.ts';
import type { VerifyStep } from '../types.ts';
import { escapeAttribute, escapeMarkup } from './escape.ts';
import type { Preflight } from './preflight.ts';

type Outcome = 'pass' | 'fail' | 'skip';

interface Case {
  readonly name: string;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly output: string;
  readonly seconds: number;
  /** Diagnosis of this very case, where it has one. */
  readonly code: string | null;
}

/** How doctor's findings count: what could not be checked was not tested. */
const CHECK_OUTCOME = { ok: 'pass', advice: 'pass', problem: 'fail', unknown: 'skip' } as const;

/** The whole document. A run that is not ready has at least one failure or error. */
export function renderJunit(preflight: Preflight): string {
  const { command, target, stages, failure } = preflight;
  // After fixes the checks tell what was; whether it is mended is for the steps to say.
  const checks = preflight.fixes.length === 0 ? preflight.checks : [];
  const cases = [...checks.map(caseOfCheck), ...preflight.steps.map(caseOfStep)];
  if (!preflight.ready && failure === null && cases.every(({ outcome }) => outcome !== 'fail')) {
    cases.push({
      name: 'ready',
      outcome: 'fail',
      reason: 'not proven',
      output: adviceOf(preflight),
      seconds: 0,
      code: null,
    });
  }
  const suite = `tapprep.${command}`;
  const count = (outcome: Outcome): number => cases.filter((one) => one.outcome === outcome).length;
  const seconds = (stages.length > 0 ? stages : cases).reduce((sum, one) => sum + one.seconds, 0);
  const counts = attributes([
    ['tests', String(cases.length + (failure === null ? 0 : 1))],
    ['failures', String(count('fail'))],
    ['errors', failure === null ? '0' : '1'],
    ['skipped', String(count('skip'))],
    ['time', seconds.toFixed(3)],
  ]);
  const properties: readonly (readonly [string, string])[] = [
    ...(target === null
      ? []
      : ([
          ['distribution', `${target.distro} ${target.version ?? ''}`.trim()],
          ['arch', target.arch],
        ] as const)),
    ...(preflight.kernel === null ? [] : [['kernel', preflight.kernel] as const]),
    ['ready', String(preflight.ready)],
    ...stages.map(({ stage, seconds: took }) => [`seconds.${stage}`, took.toFixed(3)] as const),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tapprep"${counts}>`,
    `  <testsuite name="${escapeAttribute(suite)}"${counts}>`,
    '    <properties>',
    ...properties.map(
      (pair) =>
        `      <property${attributes([
          ['name', pair[0]],
          ['value', pair[1]],
        ])}/>`,
    ),
    '    </properties>',
    ...cases.map((one) => renderCase(suite, one, preflight)),
    ...(failure === null
      ? []
      : [
          `    <testcase${attributes([
            ['classname', suite],
            ['name', command],
          ])}>`,
          `      <error${attributes([
            ['type', failure.code],
            ['message', failure.message],
          ])}>${escapeMarkup(failure.hint ?? '')}</error>`,
          '    </testcase>',
        ]),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOfStep({ step, status, reason, output, seconds }: VerifyStep): Case {
  return { name: step, outcome: status, reason: reason === null ? '' : textOf(reason), output, seconds, code: null };
}

function caseOfCheck({ check, status, detail, diagnosis }: Preflight['checks'][number]): Case {
  const fix = diagnosis?.fix ?? [];
  return {
    // One check may find several things, and pipelines merge cases of one name.
    name: diagnosis === null ? check : `${check}: ${diagnosis.code}${status === 'advice' ? ' (advice)' : ''}`,
    outcome: CHECK_OUTCOME[status],
    reason: detail,
    output: (status === 'advice' ? [detail, ...fix] : fix).join('\n'),
    seconds: 0,
    code: diagnosis?.code ?? null,
  };
}

function renderCase(
  suite: string,
  { name, outcome, reason, output, seconds, code }: Case,
  preflight: Preflight,
): string {
  const open = `    <testcase${attributes([
    ['classname', suite],
    ['name', name],
    ['time', seconds.toFixed(3)],
  ])}>`;
  const body: Readonly<Record<Outcome, string>> = {
    pass: output === '' ? '' : `<system-out>${escapeMarkup(output)}</system-out>`,
    fail: `<failure${attributes([
      ['type', code ?? preflight.diagnoses[0]?.code ?? 'NOT_PROVEN'],
      ['message', reason],
    ])}>${escapeMarkup(output)}</failure>`,
    skip: `<skipped${attributes([['message', reason]])}/>`,
  };
  return `${open}${body[outcome]}</testcase>`;
}

/** What a reader of the pipeline needs where no single step failed. */
function adviceOf({ diagnoses, commands, byHand }: Preflight): string {
  return [...diagnoses.map(({ code, cause }) => `${code}: ${cause}`), ...commands, ...byHand].join('\n');
}

function attributes(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join('');
}
