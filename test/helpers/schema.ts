/** What a JSON Schema validator of others has against a report: the schemas are held to what is printed. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { publishedSchema } from '../../src/report/report-schema.ts';

const ajv = new Ajv2020({ allErrors: true, strictTypes: false });

/** Faults as "/path: message"; none for a report that follows its published schema. */
export function faultsOf(name: string, report: unknown): readonly string[] {
  if (ajv.getSchema(`tapprep:${name}/1`) === undefined) ajv.addSchema(publishedSchema(name));
  ajv.validate(`tapprep:${name}/1`, report);
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message ?? ''}`);
}

/** The published form of what a command prints with --json; null where none is promised. */
function formOf(args: readonly string[], report: object): string | null {
  const [command = ''] = args;
  if ('error' in report && Object.keys(report).length === 1) return 'error';
  if (command === 'explain') return 'diagnoses' in report ? 'explain' : null;
  if (command === 'plan') return args.includes('--inventory') ? null : 'plan';
  if (command === 'rehearse') return args.includes('--kernels') ? 'rehearsals' : 'rehearse';
  return ['detect', 'verify', 'install', 'config', '--version'].includes(command) ? command.replace(/^--/, '') : null;
}

/** Throws where a command printed something else with --json than its published schema says. What is no JSON is left to the test. */
export function requirePublishedForm(args: readonly string[], stdout: string): void {
  if (!args.includes('--json')) return;
  let report: unknown;
  try {
    report = JSON.parse(stdout);
  } catch {
    return;
  }
  if (typeof report !== 'object' || report === null) return;
  const form = formOf(args, report);
  const faults = form === null ? [] : faultsOf(form, report);
  if (faults.length > 0)
    throw new Error(`tapprep ${args.join(' ')}: not the form "${String(form)}": ${faults.join('; ')}`);
}
