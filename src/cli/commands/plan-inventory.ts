/** `tapprep plan --inventory`: many machines, planned once for each kernel among them. */
import { createReadStream } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { countOf } from '../../count.ts';
import { declareFacts } from '../../detect/declared-facts.ts';
import { readFactsFile } from '../../detect/facts.ts';
import type { Place } from '../../diagnose/place.ts';
import { type DeclaredHost, declareTarget, identifyTarget } from '../../detect/target.ts';
import { EXIT, exitCodeOf, isErrno, isTapprepError, TapprepError } from '../../errors.ts';
import { type FleetGroup, type FleetMember, type FleetPlan, planFleet } from '../../pipeline/plan-fleet.ts';
import type { PlanChoice } from '../../pipeline/plan-target.ts';
import type { Provision, Target } from '../../types.ts';
import type { Context } from '../context.ts';
import { errorJson } from '../exit-codes.ts';
import { NO_TARGET, placeOfDescribed, withHint } from '../hint.ts';
import { readLineBatches } from '../line-batches.ts';
import { openContextSession } from '../open-session.ts';
import { formatBytes } from '../render/progress-text.ts';
import { renderTable } from '../render/table.ts';
import { hostSettler } from '../settle-distro.ts';
import { MAX_LINE_CHARS, hostOf, parseRequest, readText } from '../target-line.ts';
import { shellLine } from '../../shell-words.ts';

/**
 * One JSON object a line: {"id", "facts": FILE} for a machine whose facts were saved (a path beside the inventory), or
 * {"id", "distro", "version", "kernel", "arch", "unameV"} as `names --batch` takes it. "-" is standard input.
 * @returns 0 when every machine has a plan, else the exit code of the first that has none
 */
export async function runPlanInventory(context: Context, path: string, choice: PlanChoice): Promise<number> {
  const session = await openContextSession(context);
  const fleet = await planFleet(session, readInventory(context, path), choice);
  const { groups, unknown } = fleet;
  if (context.common.json) context.stdout.json(toJson(fleet));
  else context.stdout.write(render(fleet, context.common.verbose, context.stdout.columns));
  const [first] = [...groups.flatMap(({ error }) => error ?? []), ...unknown.map(({ error }) => error)];
  return first === undefined ? EXIT.done : exitCodeOf(first);
}

async function* readInventory(context: Context, path: string): AsyncGenerator<FleetMember> {
  const file = resolve(context.cwd, path);
  const stream = path === '-' ? context.stdin : createReadStream(file);
  const seen = new Map<string, number>();
  const settleHost = hostSettler(context, true);
  let count = 0;
  try {
    for await (const lines of readLineBatches(stream, MAX_LINE_CHARS, context.signal)) {
      const named = lines.filter((line) => line === null || line.trim() !== '');
      for (let at = 0; at < named.length; at += AT_ONCE) {
        const some = named.slice(at, at + AT_ONCE);
        const before = count + 1;
        const members = await Promise.all(
          some.map((line, i) => readMember(line, before + i, dirname(file), settleHost)),
        );
        yield* members.map((member, i) => refuseSecond(member, before + i, seen));
        count += some.length;
      }
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'EACCES') && !isErrno(error, 'EISDIR')) throw error;
    throw new TapprepError('USAGE', `the inventory ${file} cannot be read`, {
      hint: shellLine`ls -l ${file}`,
      cause: error,
    });
  }
  if (count > 0) return;
  throw new TapprepError('USAGE', `the inventory ${path} names no machine`, { hint: 'tapprep plan --help' });
}

/** Files that are open at once: reading them one after the other is mostly waiting. */
const AT_ONCE = 32;

/** One id for two machines would not tell whose plan it is, nor what each of them lacks. */
function refuseSecond(member: FleetMember, number: number, seen: Map<string, number>): FleetMember {
  const { id } = member;
  const first = seen.get(id);
  if (first === undefined) {
    seen.set(id, number);
    return member;
  }
  const error = new TapprepError('USAGE', `its id ${id} is that of line ${first}, but an id names one machine`, {
    hint: 'give each line an "id" of its own',
  });
  return { id: `line ${number}`, error };
}

async function readMember(
  line: string | null,
  number: number,
  directory: string,
  settleHost: (host: DeclaredHost) => Promise<DeclaredHost>,
): Promise<FleetMember> {
  let id = `line ${number}`;
  let place: Place | undefined;
  try {
    const request = parseRequest(line);
    id = readText(request, 'id') ?? id;
    const file = readText(request, 'facts');
    if (file !== null) {
      const path = resolve(directory, file);
      place = { ...NO_TARGET, reach: { via: 'facts', file: path } };
      const facts = await readFactsFile(path);
      return { id, facts, target: identifyTarget(facts, {}, 'any') };
    }
    const host = await settleHost(hostOf(request));
    place = placeOfDescribed(host);
    const target = declareTarget(host, 'any');
    const { distro, version, release, arch, unameV } = target;
    return { id, target, facts: declareFacts({ distro: `${distro}:${version ?? ''}`, release, arch, unameV }) };
  } catch (error) {
    const told = withHint(error, place);
    if (!isTapprepError(told)) throw error;
    return { id, error: told };
  }
}

function toJson({ groups, unknown }: FleetPlan) {
  // Hundreds of machines lack the very same list.
  const lists = new Map<readonly Provision[], object>();
  const listOf = (items: readonly Provision[]): object => {
    const list =
      lists.get(items) ??
      items.map((item) => {
        const { name, version, arch } = item;
        return { name, version, arch, replaces: 'replaces' in item ? item.replaces : null };
      });
    lists.set(items, list);
    return list;
  };
  return {
    groups: groups.map(({ error, lacks, ...group }) => ({
      ...group,
      lacks: Object.fromEntries(Object.entries(lacks).map(([id, items]) => [id, listOf(items)])),
      ...(error === null ? {} : errorJson(error, placeOfTarget(group.target))),
    })),
    unknown: unknown.map(({ id, error }) => ({ id, ...errorJson(error) })),
  };
}

function render({ groups, unknown }: FleetPlan, verbose: boolean, columns: number | null): string {
  const rows = groups.map(({ target, hosts, plan, error }) => [
    `${hosts.length}: ${nameHosts(hosts)}`,
    `${target.distro} ${target.version ?? ''}`.trim(),
    target.release,
    target.arch,
    plan === null
      ? (error?.code ?? '')
      : `${countOf(plan.items.length, 'package')}, ${formatBytes(sizeOf(plan.items))}`,
  ]);
  const planned = groups.filter(({ plan }) => plan !== null).reduce((sum, { hosts }) => sum + hosts.length, 0);
  const all = groups.reduce((sum, { hosts }) => sum + hosts.length, unknown.length);
  const failed = [...groups.filter(({ error }) => error !== null).map(nameGroup), ...unknown].map(
    ({ id, error }) => `${id}: ${error?.code}: ${error?.message}\n`,
  );
  const table =
    rows.length === 0 ? '' : `${renderTable(['hosts', 'distribution', 'kernel', 'arch', 'plan'], rows, columns)}\n\n`;
  const cut = groups.flatMap(({ hosts }) => (hosts.length > SHOWN ? [hosts] : []));
  const whole = verbose ? cut.map((hosts) => `${nameHosts(hosts)}: ${hosts.join(', ')}\n`) : [];
  const more = cut.length > 0 && !verbose ? '; --verbose names every one' : '';
  return `${table}${whole.join('')}${failed.join('')}${planned} of ${countOf(all, 'machine')} planned, ${countOf(groups.length, 'kind')}${more}\n`;
}

function placeOfTarget({ release, ...host }: Target): Place {
  return placeOfDescribed({ ...host, kernel: release });
}

function nameGroup({ hosts, error }: FleetGroup): { readonly id: string; readonly error: TapprepError | null } {
  return { id: nameHosts(hosts), error };
}

/** How many machines of a plan are named, as there may be hundreds. */
const SHOWN = 3;

function nameHosts(hosts: readonly string[]): string {
  const more = hosts.length > SHOWN ? ` and ${hosts.length - SHOWN} more` : '';
  return `${hosts.slice(0, SHOWN).join(', ')}${more}`;
}

function sizeOf(items: readonly { readonly sizeBytes: number | null }[]): number {
  return items.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
}
