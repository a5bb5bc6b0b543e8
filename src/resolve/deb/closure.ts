/**
 * Chooses, from what repositories offer, the packages that some wanted ones need beside what is installed: a depth-first
 * search that takes the best candidate first and goes back when it leads nowhere. Nothing is ever removed or downgraded,
 * and Recommends are not followed. Pure.
 */
import { TapprepError } from '../../errors.ts';
import { quoteCommand, shellText } from '../../shell-words.ts';
import { run, runAsRoot } from '../../make-remedy.ts';
import { compareDebVersions } from '../../version/deb-vercmp.ts';
import { findConflicts, findNewlyBroken } from './conflicts.ts';
import { formatAlternative, providesSatisfies, satisfiesVersion, type DependencyGroup } from './dependencies.ts';
import { isDowngrade, isSatisfied, versionInPlace, type Chosen, type Installed } from './installation.ts';
import type { DebRecord } from './packages-index.ts';
import type { Requirement, Pool } from './pool.ts';

/** What is to hold in the end, and who says so; null: the plan itself. */
interface Wish extends Requirement {
  readonly by: DebRecord | null;
}

interface Search {
  readonly pool: Pool;
  readonly installed: Installed;
  readonly arch: string;
  readonly wishes: readonly Requirement[];
  /** Candidates that may still be tried; the search is exponential only on repositories made for it. */
  budget: number;
  /** The first thing that could not be had: what the preferred choices ran into. */
  failure: Failure | null;
}

interface Failure {
  readonly wish: Wish;
  readonly reasons: readonly string[];
}

const MAX_CANDIDATES_TRIED = 20_000;

/**
 * Returns the records to add so that every wish holds, by name. A record whose name is installed replaces that version.
 * @throws TapprepError UNSATISFIED_DEPENDENCY naming who needs what and what there is instead; BAD_METADATA.
 */
export function findClosure(wishes: readonly Requirement[], pool: Pool, installed: Installed, arch: string): Chosen {
  const state: Search = { pool, installed, arch, wishes, budget: MAX_CANDIDATES_TRIED, failure: null };
  const found = search(
    wishes.map((wish) => ({ ...wish, by: null })),
    new Map(),
    state,
  );
  if (found !== null) return found;
  throw explain(state);
}

/** Depth is the number of packages chosen, not of wishes looked at. */
function search(agenda: readonly Wish[], chosen: Chosen, state: Search): Chosen | null {
  const { pool, installed } = state;
  const at = agenda.findIndex(({ group }) => !isSatisfied(group, pool, installed, chosen));
  const wish = agenda[at];
  if (wish === undefined) return holdsTogether(chosen, state) ? chosen : null;
  const rest = agenda.slice(at + 1);
  const reasons: string[] = [];
  for (const record of rankCandidates(wish, chosen, state)) {
    if ((state.budget -= 1) < 0) break;
    const conflicts = findConflicts(record, pool, installed, chosen);
    if (conflicts.fatal !== null) {
      reasons.push(conflicts.fatal);
      continue;
    }
    const next = new Map(chosen).set(record.name, record);
    const own = pool.requires(record).map((requirement) => ({ ...requirement, by: record }));
    const upgrades = [...conflicts.upgrades, ...findNewlyBroken(record, pool, installed, chosen)];
    const found = search([...own, ...upgrades.map((upgrade) => ({ ...upgrade, by: record })), ...rest], next, state);
    if (found !== null) return found;
  }
  state.failure ??= { wish, reasons };
  return null;
}

/** A wish that an installed version met may have lost it to an upgrade chosen later. */
function holdsTogether(chosen: Chosen, { pool, installed, wishes }: Search): boolean {
  const all = [...wishes, ...Array.from(chosen.values()).flatMap((record) => pool.requires(record))];
  return all.every(({ group }) => isSatisfied(group, pool, installed, chosen));
}

/** Candidates for an unsatisfied wish, best first. */
function rankCandidates(wish: Wish, chosen: Chosen, state: Search): readonly DebRecord[] {
  return listCandidates(wish.group, chosen, state)
    .map((candidate) => ({ ...candidate, upgrades: countUpgrades(candidate.record, chosen, state) }))
    .toSorted(
      (a, b) =>
        a.place - b.place ||
        Number(a.record.notAutomatic) - Number(b.record.notAutomatic) ||
        a.upgrades - b.upgrades ||
        Number(isSibling(b.record, wish.by)) - Number(isSibling(a.record, wish.by)) ||
        (a.record.name === b.record.name ? compareDebVersions(b.record.version, a.record.version) : 0),
    )
    .map(({ record }) => record);
}

interface Candidate {
  readonly record: DebRecord;
  /** Order of the alternative; packages of that very name before those that provide it. */
  readonly place: number;
}

function listCandidates(group: DependencyGroup, chosen: Chosen, state: Search): readonly Candidate[] {
  const { pool, installed, arch } = state;
  const isOpen = ({ record }: Candidate): boolean => !chosen.has(record.name) && !isDowngrade(record, installed);
  return group
    .filter(({ qualifier }) => qualifier === null || ['any', 'native', arch].includes(qualifier))
    .flatMap((wanted, index): readonly Candidate[] => [
      ...pool
        .versions(wanted.name)
        .filter(({ version }) => satisfiesVersion(version, wanted))
        .map((record) => ({ record, place: 2 * index })),
      ...pool
        .providers(wanted.name)
        .filter(({ provided }) => providesSatisfies(provided, wanted))
        .map(({ record }) => ({ record, place: 2 * index + 1 })),
    ])
    .filter(isOpen);
}

/** How many installed packages a candidate would have replaced: itself, and one step further what it depends on. */
function countUpgrades(record: DebRecord, chosen: Chosen, state: Search): number {
  const { pool, installed } = state;
  const next = new Map(chosen).set(record.name, record);
  const isUpgrade = (name: string): boolean => installed.has(name) && !chosen.has(name);
  const ahead = pool.requires(record).filter(({ group }) => {
    if (isSatisfied(group, pool, installed, next)) return false;
    return listCandidates(group, next, state).every((candidate) => isUpgrade(candidate.record.name));
  });
  return ahead.length + Number(isUpgrade(record.name));
}

/** Built from the same source in the same version: kernel packages belong together even where the relation is loose. */
function isSibling(record: DebRecord, by: DebRecord | null): boolean {
  return by !== null && record.source === by.source && record.version === by.version;
}

function explain({ failure, pool, installed, budget }: Search): TapprepError {
  if (failure === null) {
    return new TapprepError('UNSATISFIED_DEPENDENCY', 'the repositories have no set of packages that fit together', {
      remedy: runAsRoot('apt-get check'),
    });
  }
  const { wish, reasons } = failure;
  const who = wish.by === null ? 'the plan' : `${wish.by.name} ${wish.by.version} of ${wish.by.repository.id}`;
  const offers = wish.group.map(({ name }) => describeOffer(name, pool, installed));
  const given = budget < 0 ? [`given up after ${MAX_CANDIDATES_TRIED} packages were tried`] : [];
  const said = [...new Set(reasons)].slice(0, 3).concat(given);
  const why = said.length === 0 ? '' : ` (${said.join('; ')})`;
  return new TapprepError(
    'UNSATISFIED_DEPENDENCY',
    `${who} needs ${wish.group.map(formatAlternative).join(' or ')}, but ${offers.join(' and ')}${why}`,
    {
      remedy: run(shellText`apt-cache policy ${quoteCommand(wish.group.map(({ name }) => name))}`),
      facts: {
        by:
          wish.by === null ? null : { name: wish.by.name, version: wish.by.version, repository: wish.by.repository.id },
        needs: wish.text,
        offered: wish.group.map(({ name }) => ({
          name,
          versions: pool.versions(name).map(({ version }) => version),
        })),
        reasons,
      },
    },
  );
}

function describeOffer(name: string, pool: Pool, installed: Installed): string {
  const offered = pool.versions(name).map(({ version, repository }) => `${version} of ${repository.id}`);
  const there = versionInPlace(name, installed, new Map());
  const parts = [
    offered.length === 0
      ? `no repository has ${name}`
      : `the repositories have ${name} ${offered.slice(0, 4).join(', ')}`,
    there === null ? '' : ` and ${there} is installed`,
  ];
  return parts.join('');
}
