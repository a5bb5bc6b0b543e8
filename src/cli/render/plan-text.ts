/** A plan for people: what, in which version, from where, how large, by whose signature. */
import { countOf } from '../../count.ts';
import type { Plan, PlannedMend, Provision, TrustRequirement } from '../../types.ts';
import { formatBytes } from './progress-text.ts';
import { renderTable } from './table.ts';

/** The whole plan as text. Dependencies are only named, and told as fully as the rest when `all` is set. */
export function renderPlan(plan: Plan, all: boolean): string {
  const { target, items, present, notes } = plan;
  const shown = all ? items : items.filter(({ role }) => role !== 'dependency');
  const rest = items.filter((item) => !shown.includes(item)).map(({ name, version }) => `${name} ${version}`);
  const head = `kernel ${target.release} (${target.distro}${target.version === null ? '' : ` ${target.version}`}, ${target.arch})`;
  const table = renderTable(['role', 'package', 'version', 'size', 'matched by', 'trust', 'from'], shown.map(planRow));
  return [
    head,
    ...(items.length === 0 ? ['nothing to fetch: everything is there'] : ['', table]),
    ...(rest.length > 0
      ? [`and what these need, ${countOf(rest.length, 'package')} (--verbose tells all of them): ${rest.join(', ')}`]
      : []),
    ...(present.length > 0
      ? [`already there: ${present.map(({ name, version }) => `${name} ${version}`).join(', ')}`]
      : []),
    '',
    `to download: ${formatBytes(plan.downloadBytes)}, on disk afterwards: ${formatBytes(plan.installedBytes)}`,
    ...(plan.mends ?? []).map(
      ({ name, by }) => `on the target: SystemTap ${name} (${by.map(describeMend).join(', ')})`,
    ),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

function describeMend({ id, sha256 }: PlannedMend['by'][number]): string {
  return `${id} sha256 ${sha256.slice(0, 12)}`;
}

function planRow(item: Provision): readonly string[] {
  const { role, name, version, repository } = item;
  if (item.kind === 'file') {
    return [
      role,
      item.place,
      version,
      size(item),
      `build-id ${item.buildId.slice(0, 12)}`,
      'UNSIGNED, build-id only',
      repository,
    ];
  }
  if (item.kind !== 'folder') {
    const { because, files, match, trust } = item;
    const why = because === undefined ? match : `${because.needs} of ${because.by}`;
    const what = files === undefined ? name : `${name}: ${files.join(', ')} alone`;
    return [role, what, version, size(item), why, describeTrust(trust), repository];
  }
  const [first] = item.packages;
  const trust = first === undefined ? '' : describeTrust(first.trust);
  return [role, `${item.place}/`, version, size(item), countOf(item.packages.length, 'package'), trust, repository];
}

function size({ sizeBytes }: Pick<Provision, 'sizeBytes'>): string {
  return sizeBytes === null ? '?' : formatBytes(sizeBytes);
}

/** One or two words on why the bytes will be believed. */
function describeTrust(trust: TrustRequirement): string {
  switch (trust.kind) {
    case 'signed-index':
      return `index signed by ${trust.signer.slice(-16)}`;
    case 'rpm-signature':
      return trust.trust.packages === 'signed' ? 'signature in the package' : 'UNSIGNED';
    case 'unsigned-index':
      return 'UNSIGNED, digest only';
  }
}
