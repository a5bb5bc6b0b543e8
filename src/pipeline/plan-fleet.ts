/** Plans for many machines: one for each kind of them, however many there are. */
import { createHash } from 'node:crypto';
import { adaptToInstalled } from '../bundle/adapt.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { FolderItem, HostFacts, Plan, Provision, Target } from '../types.ts';
import type { OpenTarget } from './open-target.ts';
import { findWhole, type PlanChoice, planTarget } from './plan-target.ts';
import { lackingFolders, packagesOf } from '../resolve/provisions.ts';
import type { ReaderContext } from '../resolve/reader.ts';
import type { Session } from './session.ts';
import { systemOf } from '../package-system/systems.ts';

/** A machine of the inventory, or why it is none. */
export type FleetMember =
  | { readonly id: string; readonly target: Target; readonly facts: HostFacts }
  | { readonly id: string; readonly error: TapprepError };

/** Machines that need the same packages. */
export interface FleetGroup {
  readonly target: Target;
  /** Their ids; those of which the same is installed stand together. */
  readonly hosts: readonly string[];
  /** What such a machine needs, whatever each has of it already; null when there is no plan. */
  readonly plan: Plan | null;
  readonly error: TapprepError | null;
  /** What of the plan each of them lacks, by id; those of which no package list is known are not in it. */
  readonly lacks: Readonly<Record<string, readonly Provision[]>>;
}

export interface FleetPlan {
  readonly groups: readonly FleetGroup[];
  /** Machines of which no target is known. */
  readonly unknown: readonly { readonly id: string; readonly error: TapprepError }[];
}

/**
 * Machines with the same distribution, kernel build and package sources get one plan, unless it would replace what one
 * of them has. Failures are listed by group. Of a machine nothing is kept but its id once the next one is read: the package
 * lists of thousands do not fit into memory.
 * @throws TapprepError INTERRUPTED
 */
export async function planFleet(
  session: Session,
  members: AsyncIterable<FleetMember>,
  choice: PlanChoice,
): Promise<FleetPlan> {
  const shared: Session = { ...session, reader: { ...session.reader, fetchMetadata: askOnce(session.reader) } };
  const kinds = new Map<string, Kind>();
  const unknown: { readonly id: string; readonly error: TapprepError }[] = [];
  for await (const member of members) {
    if ('error' in member) {
      unknown.push(member);
      continue;
    }
    const { target, facts } = member;
    const key = JSON.stringify([target, facts.repositories]);
    const kind = kinds.get(key) ?? (await openKind(shared, target, facts, choice));
    kinds.set(key, kind);
    await addMember(kind, member, (open) => planKind(shared, open, choice));
  }
  const groups: FleetGroup[] = [];
  for (const { planned, states, own } of kinds.values()) {
    const common = [...states.values()].filter((state) => state !== WANTS_OWN);
    if (common.length > 0) groups.push(groupOf(planned, common));
    for (const [its, state] of own.values()) groups.push(groupOf(its, [state]));
  }
  return { groups, unknown };
}

/**
 * An address is asked once for all groups whether it changed, and one that did not answer is not waited for again: its
 * answer is the same for every kernel. What has a digest comes out of the cache and is digested again each time.
 */
function askOnce(reader: ReaderContext): ReaderContext['fetchMetadata'] {
  const answers = new Map<string, ReturnType<ReaderContext['fetchMetadata']>>();
  return (request) => {
    if (request.digest !== null) return reader.fetchMetadata(request);
    const key = JSON.stringify(request);
    const answer = answers.get(key) ?? reader.fetchMetadata(request);
    answers.set(key, answer);
    return answer;
  };
}

type Planned = Pick<FleetGroup, 'target' | 'plan' | 'error'>;

/** Machines that have the same of a plan already. */
interface State {
  readonly ids: string[];
  /** null where no package list is known. */
  readonly lacks: readonly Provision[] | null;
}

const WANTS_OWN = 'wants a plan of its own';

/** Machines of one key. */
interface Kind {
  readonly planned: Planned;
  /** By what is installed of the plan. */
  readonly states: Map<string, State | typeof WANTS_OWN>;
  /** By a digest of all that is installed: such a plan was made from that, not only from what the common plan names. */
  readonly own: Map<string, readonly [Planned, State]>;
}

async function openKind(session: Session, target: Target, facts: HostFacts, choice: PlanChoice): Promise<Kind> {
  // Declared: what one of them has installed says nothing of the others.
  const open: OpenTarget = { host: null, target, facts: { ...facts, source: 'declared' } };
  return { planned: await planKind(session, open, choice), states: new Map(), own: new Map() };
}

async function planKind(session: Session, open: OpenTarget, choice: PlanChoice): Promise<Planned> {
  const { target } = open;
  try {
    return { target, plan: await planTarget(session, open, choice), error: null };
  } catch (error) {
    if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
    return { target, plan: null, error };
  }
}

interface Described {
  readonly id: string;
  readonly facts: HostFacts;
}

/**
 * The plan for any machine has the newest version of every dependency, but an installed one that is older often does as
 * well: a machine on which the plan would replace something gets one from what it has.
 */
async function addMember(
  { planned, states, own }: Kind,
  { id, facts }: Described,
  planFor: (open: OpenTarget) => Promise<Planned>,
): Promise<void> {
  const whole = findWhole(facts);
  const folders = findLackingFolders(planned, facts);
  const named = namedIn(planned, whole)?.map(({ name, version, arch }) => [name, version, arch]);
  const key = JSON.stringify([named, folders.map(({ place }) => place)]);
  const known = states.get(key) ?? newState(planned, whole, folders);
  states.set(key, known);
  if (known !== WANTS_OWN) {
    known.ids.push(id);
    return;
  }
  const digest = createHash('sha256')
    .update(JSON.stringify([whole, folders]))
    .digest('hex');
  const mine = own.get(digest);
  if (mine !== undefined) {
    mine[1].ids.push(id);
    return;
  }
  const its = await planFor({ host: null, target: planned.target, facts });
  own.set(digest, [its, { ids: [id], lacks: findLacking(its, whole, findLackingFolders(its, facts)) }]);
}

function newState(
  planned: Planned,
  whole: HostFacts['packages'] | null,
  folders: readonly FolderItem[],
): State | typeof WANTS_OWN {
  const lacks = findLacking(planned, whole, folders);
  return lacks?.some((item) => 'replaces' in item && item.replaces !== null) === true ? WANTS_OWN : { ids: [], lacks };
}

function namedIn({ plan }: Planned, whole: HostFacts['packages'] | null): HostFacts['packages'] | null {
  if (plan === null || whole === null) return null;
  const names = new Set(plan.items.map(({ name }) => name));
  return whole.filter(({ name }) => names.has(name));
}

/** By the rules of a bundle, which is how one plan comes to many machines; null where no package list is known. */
function findLacking(
  planned: Planned,
  whole: HostFacts['packages'] | null,
  folders: readonly FolderItem[],
): readonly Provision[] | null {
  const { plan, target } = planned;
  const installed = namedIn(planned, whole);
  if (plan === null || installed === null) return null;
  const { items } = adaptToInstalled(packagesOf(plan.items), installed, systemOf(target));
  const lacking = items.filter(({ install }) => install);
  // A SystemTap that comes in case the distribution's own fails: whether that one does is for its proof to say.
  const isInReserve = lacking.length === 0 && items.some(({ role }) => role === 'systemtap');
  return isInReserve ? [] : [...lacking, ...folders];
}

function findLackingFolders({ plan }: Planned, { systemtap }: HostFacts): readonly FolderItem[] {
  return plan === null ? [] : lackingFolders(plan.items, systemtap?.path ?? null);
}

function groupOf(planned: Planned, states: readonly State[]): FleetGroup {
  const lacks = states.flatMap((state) =>
    state.lacks === null ? [] : state.ids.map((id) => [id, state.lacks ?? []] as const),
  );
  return { ...planned, hosts: states.flatMap(({ ids }) => ids), lacks: Object.fromEntries(lacks) };
}
