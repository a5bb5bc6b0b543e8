/** Plans for many machines: one for each kind of them, however many there are. */
import { adaptToInstalled } from '../bundle/adapt.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { HostFacts, Plan, PlanItem, Target } from '../types.ts';
import type { Subject } from './open-target.ts';
import { type PlanChoice, planSubject } from './plan-subject.ts';
import type { ReaderContext } from '../resolve/reader.ts';
import type { Session } from './session.ts';

/** A machine of the inventory, or why it is none. */
export type FleetMember =
  | { readonly id: string; readonly target: Target; readonly facts: HostFacts }
  | { readonly id: string; readonly error: TapprepError };

/** Machines that need the same packages. */
export interface FleetGroup {
  readonly target: Target;
  /** Their ids, in the order of the inventory. */
  readonly hosts: readonly string[];
  /** What such a machine needs, whatever each has of it already; null when there is no plan. */
  readonly plan: Plan | null;
  readonly error: TapprepError | null;
  /** What of the plan each of them lacks, by id; those of which no package list is known are not in it. */
  readonly lacks: Readonly<Record<string, readonly PlanItem[]>>;
}

export interface FleetPlan {
  readonly groups: readonly FleetGroup[];
  /** Machines of which no target is known. */
  readonly unknown: readonly { readonly id: string; readonly error: TapprepError }[];
}

/**
 * Machines with the same distribution, kernel build and package sources get one plan, unless it would replace what one
 * of them has. What fails is told by group.
 * @throws TapprepError INTERRUPTED
 */
export async function planFleet(
  session: Session,
  members: Iterable<FleetMember>,
  choice: PlanChoice,
): Promise<FleetPlan> {
  const kinds = new Map<string, { readonly subject: Subject; readonly hosts: Member[] }>();
  const unknown: { readonly id: string; readonly error: TapprepError }[] = [];
  for (const member of members) {
    if ('error' in member) {
      unknown.push(member);
      continue;
    }
    const { id, target, facts } = member;
    const key = JSON.stringify([target, facts.repositories]);
    const kind = kinds.get(key);
    // Declared: what one of them has installed says nothing of the others.
    if (kind === undefined)
      kinds.set(key, {
        subject: { host: null, target, facts: { ...facts, source: 'declared' } },
        hosts: [{ id, facts }],
      });
    else kind.hosts.push({ id, facts });
  }
  const shared: Session = { ...session, reader: { ...session.reader, fetchMetadata: askOnce(session.reader) } };
  const groups: FleetGroup[] = [];
  for (const { subject, hosts } of kinds.values()) {
    const group = await planGroup(shared, subject, hosts, choice);
    const old = hosts.filter(({ id }) => group.lacks[id]?.some(({ replaces }) => replaces !== null) === true);
    const rest = hosts.filter((host) => !old.includes(host));
    if (rest.length > 0) groups.push({ ...group, hosts: rest.map(({ id }) => id), lacks: pick(group.lacks, rest) });
    for (const alike of clusterByInstalled(group.plan, old)) {
      const [first] = alike;
      if (first === undefined) continue;
      groups.push(await planGroup(shared, { ...subject, facts: first.facts }, alike, choice));
    }
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

interface Member {
  readonly id: string;
  readonly facts: HostFacts;
}

async function planGroup(
  session: Session,
  subject: Subject,
  hosts: readonly Member[],
  choice: PlanChoice,
): Promise<FleetGroup> {
  const group = { target: subject.target, hosts: hosts.map(({ id }) => id) };
  try {
    const plan = await planSubject(session, subject, choice);
    return { ...group, plan, error: null, lacks: findLacking(plan, hosts) };
  } catch (error) {
    if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
    return { ...group, plan: null, error, lacks: {} };
  }
}

/**
 * The plan for any machine has the newest version of every dependency, but an installed one that is older often does as
 * well. Machines that have such get a plan from what they have: one for all that have the same of it.
 */
function clusterByInstalled(plan: Plan | null, hosts: readonly Member[]): Iterable<readonly Member[]> {
  const names = new Set(plan?.items.map(({ name }) => name));
  return Map.groupBy(hosts, ({ facts }) =>
    JSON.stringify(facts.packages.filter(({ name }) => names.has(name)).map(({ name, version }) => [name, version])),
  ).values();
}

function pick(lacks: FleetGroup['lacks'], hosts: readonly Member[]): FleetGroup['lacks'] {
  const ids = new Set(hosts.map(({ id }) => id));
  return Object.fromEntries(Object.entries(lacks).filter(([id]) => ids.has(id)));
}

/** By the rules of a bundle, which is how one plan comes to many machines. */
function findLacking({ items, target }: Plan, hosts: readonly Member[]): FleetGroup['lacks'] {
  const names = new Set(items.map(({ name }) => name));
  return Object.fromEntries(
    hosts
      .filter(({ facts }) => facts.source !== 'declared')
      .map(({ id, facts }) => {
        const installed = facts.packages.filter(({ name }) => names.has(name));
        const { items: wanted } = adaptToInstalled(items, installed, target.family);
        return [id, wanted.filter(({ install }) => install)];
      }),
  );
}
