/** A run as one HTML page to hand on: nothing is loaded, nothing is run, every foreign text is escaped. Pure. */
import { countOf } from '../count.ts';
import { textOf } from '../sentence.ts';
import type { FolderItem, Provision, TrustRequirement, VerifyStep } from '../types.ts';
import { escapeMarkup as text } from './escape.ts';
import type { Preflight } from './preflight.ts';
import { STYLE } from './style.ts';
import { describeTried } from './tried.ts';
import { findDecisive } from '../verify/step.ts';

export interface PageOptions {
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  readonly tapprepVersion: string;
}

/** The browser refuses scripts and everything from elsewhere, whatever may ever get past the escaping. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The whole page. */
export function renderHtml(preflight: Preflight, { madeAt, tapprepVersion }: PageOptions): string {
  const { command, kernel } = preflight;
  const title = kernel === null ? 'SystemTap preflight' : `SystemTap preflight: ${kernel}`;
  const sections = [
    targetSection(preflight),
    fixSection(preflight.fixes),
    stepSection(preflight.steps),
    systemtapSection(preflight.systemtap),
    nextSection(preflight),
    checkSection(preflight),
    diagnosisSection(preflight),
    planSection(preflight),
    installSection(preflight),
    stageSection(preflight.stages),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${text(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${text(title)}</h1>
<p class="soft">tapprep ${text(tapprepVersion)}, ${text(command)}, ${text(`${new Date(madeAt).toISOString().slice(0, 19)}Z`)}</p>
${verdict(preflight)}
${summary(preflight)}
${failedLinks(preflight.steps)}</header>
<main>
${sections.filter((one) => one !== '').join('\n')}
</main>
</body>
</html>
`;
}

function verdict({ command, failure, ready, ranIn, steps }: Preflight): string {
  if (failure !== null) {
    const hint = failure.hint === null ? '' : `<pre>${text(failure.hint)}</pre>`;
    return `<p class="verdict fail">Stopped: ${text(failure.message)} [${text(failure.code)}]</p>${hint}`;
  }
  if (ready && ranIn !== null) {
    const where = ranIn === 'vm' ? "the target's own kernel, booted in QEMU" : 'the running kernel';
    return `<p class="verdict pass">Ready: a module was compiled, loaded into ${where}, seen to print, and removed.</p>`;
  }
  if (ready) {
    return '<p class="verdict pass">Ready: nothing that can be seen stands in the way. No module was loaded to prove it.</p>';
  }
  if (command === 'install' && steps.length === 0) {
    return '<p class="verdict skip">Planned: nothing was installed, so nothing is proven.</p>';
  }
  const decisive = findDecisive(steps);
  const how = decisive?.status === 'fail' ? 'failed' : 'was skipped';
  const why =
    decisive === null
      ? '.'
      : `: ${decisive.step} ${how}${decisive.reason === null ? '.' : `, ${textOf(decisive.reason)}`}`;
  return `<p class="verdict fail">Not ready${text(why)}</p>`;
}

/** The five things that are asked first, in a row that can be read across a table. */
function summary({ ready, failure, kernel, systemtap, steps, stages, signedBy }: Preflight): string {
  const seconds = (stages.length > 0 ? stages : steps).reduce((sum, each) => sum + each.seconds, 0);
  const taken = systemtap.findLast((one) => one.ready)?.name ?? null;
  const tool = steps.find(({ id, status }) => id === 'tools' && status === 'pass')?.output ?? '';
  const cells: readonly (readonly [string, string])[] = [
    ['Verdict', failure !== null ? 'stopped' : ready ? 'ready' : 'not ready'],
    ['Kernel', kernel ?? 'not known'],
    ['SystemTap', taken ?? /\(version (\d+\.\d+)/.exec(tool)?.[1] ?? 'not tried'],
    ['Time', seconds === 0 ? 'none' : formatSeconds(seconds)],
    ['Module signed by', signedBy ?? 'nobody'],
  ];
  return `<dl class="summary">${cells.map(([name, value]) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`).join('')}</dl>`;
}

/** Where to look first: each failed step by its place in the list. */
function failedLinks(steps: readonly VerifyStep[]): string {
  const links = steps.flatMap(({ step, status }, at) =>
    status === 'fail' ? [`<a href="#step-${at + 1}">${text(step)}</a>`] : [],
  );
  return links.length === 0 ? '' : `<nav aria-label="Failed steps"><p>Failed: ${links.join(', ')}</p></nav>\n`;
}

function targetSection({ target, kernel, system }: Preflight): string {
  if (target === null && kernel === null) return '';
  const rows: readonly (readonly [string, string | null])[] = [
    ['System', system],
    ['Distribution', target === null ? null : `${target.distro} ${target.version ?? ''}`.trim()],
    ['Kernel', kernel],
    ['Build', target?.unameV ?? null],
    ['Build-id', target?.buildId ?? null],
    ['Architecture', target?.arch ?? null],
  ];
  const list = rows.map(([name, value]) =>
    value === null ? '' : `<dt>${name}</dt><dd class="mono">${text(value)}</dd>`,
  );
  return section('Target', `<dl>${list.join('')}</dl>`);
}

function stepSection(steps: readonly VerifyStep[]): string {
  if (steps.length === 0) return '';
  const rows = steps.map(({ step, status, reason, output, seconds }, at) => {
    const said = output.trim() === '' ? '' : `<pre>${text(output.trimEnd())}</pre>`;
    const why = reason === null ? '' : `<p>${text(textOf(reason))}</p>`;
    return `<tr id="step-${at + 1}"><td>${mark(status, status)}</td><td>${text(step)}</td><td class="number">${status === 'skip' ? '' : formatSeconds(seconds)}</td><td class="wide">${why}${said}</td></tr>`;
  });
  return section('Steps', table(['Result', 'Step', '#Time', 'Reason and output'], rows));
}

function fixSection(fixes: Preflight['fixes']): string {
  const rows = fixes.map(
    ({ command, status, reason }) =>
      `<tr><td>${mark(status === 'done' ? 'pass' : 'skip', status)}</td><td class="wide"><code>${text(command)}</code></td><td class="wide">${text(reason === null ? '' : textOf(reason))}</td></tr>`,
  );
  return rows.length === 0 ? '' : section('Fixes', table(['Result', 'Command', 'Reason'], rows));
}

function systemtapSection(tried: Preflight['systemtap']): string {
  const rows = tried.map(
    (each) =>
      `<tr><td>${each.ready ? mark('pass', 'works') : mark('skip', 'not taken')}</td><td class="wide">${text(each.name)}</td><td class="wide">${each.reason === null ? '' : text(textOf(each.reason))}${bullets(describeTried(each))}</td></tr>`,
  );
  return rows.length === 0 ? '' : section('SystemTap', table(['Result', 'Which', 'Reason'], rows));
}

function nextSection({ commands, byHand }: Preflight): string {
  if (commands.length === 0 && byHand.length === 0) return '';
  const pasted = commands.length === 0 ? '' : `<pre>${text(commands.join('\n'))}</pre>`;
  return section('What to do', `${pasted}${bullets(byHand)}`);
}

function diagnosisSection({ diagnoses, fixes, ready }: Preflight): string {
  const title = ready && fixes.length > 0 ? 'Findings before the fixes' : 'Findings';
  const items = diagnoses.map(({ code, confidence, evidence, cause, fix, otherwise }) => {
    const commands = fix.length === 0 ? '' : `<pre>${text(fix.join('\n'))}</pre>`;
    const rest = otherwise === null ? '' : `<p class="soft">${text(otherwise)}</p>`;
    return `<article class="finding"><h3>${text(code)} ${mark('skip', confidence)}</h3><p>${text(cause)}</p>${bullets(evidence)}${commands}${rest}</article>`;
  });
  return items.length === 0 ? '' : section(title, items.join('\n'));
}

const CHECK_MARKS = { ok: 'pass', problem: 'fail', advice: 'advice', unknown: 'skip' } as const;

function checkSection({ checks, fixes }: Preflight): string {
  if (checks.length === 0) return '';
  const rows = checks.map(({ check, status, detail, diagnosis }) => {
    const code = diagnosis === null ? '' : ` <span class="soft mono">${text(diagnosis.code)}</span>`;
    return `<tr><td>${mark(CHECK_MARKS[status], status)}</td><td>${text(check)}</td><td class="wide">${text(detail)}${code}</td></tr>`;
  });
  return section(
    fixes.length === 0 ? 'Checks' : 'Checks before the fixes',
    table(['Result', 'Check', 'Observed'], rows),
  );
}

function planSection({ plan }: Preflight): string {
  if (plan === null) return '';
  const rows = plan.items.map(planRow);
  const count = `${countOf(plan.items.length, 'package')} to fetch, ${formatBytes(plan.downloadBytes)}; ${formatBytes(plan.installedBytes)} installed; ${plan.present.length} already there.`;
  const body = table(['Package', 'Role', '#Size', 'Digest and signer'], rows);
  const folded = rows.length === 0 ? `<p>${count}</p>` : `<details><summary>${count}</summary>${body}</details>`;
  return section(
    'Plan',
    `${folded}${bullets([...(plan.mends ?? []).map(({ name }) => `SystemTap ${name}`), ...plan.notes])}`,
  );
}

function planRow(item: Provision): string {
  const { name, version, arch, role, sizeBytes, repository } = item;
  const lines = linesOf(item);
  const size = sizeBytes === null ? 'unknown' : formatBytes(sizeBytes);
  return `<tr><td class="wide">${text(name)}<br><span class="soft mono">${text(`${version} ${arch}`)}</span></td><td>${text(role)}</td><td class="number">${size}</td><td class="wide mono">${lines.map(text).join('<br>')}<br><span class="soft">${text(repository)}</span></td></tr>`;
}

/** What vouches for an item, and where it goes where that is not for a package manager to say. */
function linesOf(item: Provision): readonly string[] {
  switch (item.kind) {
    case 'folder':
      return [`${item.place}, from ${countOf(item.packages.length, 'package')}`, ...signersOf(item)];
    case 'file':
      return [item.place, `build-id ${item.buildId}`, 'unsigned: nobody vouches for it'];
    case 'package':
    case 'image':
      return trustLines(item.trust);
  }
}

/** Who signed the indexes that name a folder's packages. */
function signersOf({ packages }: FolderItem): readonly string[] {
  return [...new Set(packages.flatMap(({ trust }) => trustLines(trust).slice(trust.digest === null ? 0 : 1)))];
}

/** What vouches for a package, in a form that can be compared with what the vendor publishes. */
function trustLines(trust: TrustRequirement): readonly string[] {
  const digest = trust.digest === null ? [] : [`${trust.digest.algorithm} ${trust.digest.hex}`];
  if (trust.kind === 'signed-index') return [...digest, `index signed by ${trust.signer}`];
  if (trust.kind === 'unsigned-index') return [...digest, 'unsigned: nobody vouches for that digest'];
  if (trust.trust.packages === 'unsigned') return [...digest, 'unsigned package'];
  const keys = trust.trust.fingerprints;
  return [...digest, `package signed by ${keys.length === 0 ? 'a key of the target' : keys.join(' or ')}`];
}

function installSection({ install }: Preflight): string {
  if (install === null) return '';
  const { installed, replaced, unchanged, journal } = install;
  const lines = [
    `${countOf(installed.length, 'package')} added, ${unchanged} were there already.`,
    ...replaced.map(({ name, from, to }) => `${name} replaced: ${from} by ${to}.`),
    ...(journal === null ? [] : [`Journal on the target: ${journal}. "tapprep remove" takes the packages away again.`]),
  ];
  return section('Installation', bullets(lines));
}

function stageSection(stages: Preflight['stages']): string {
  if (stages.length === 0) return '';
  const total = stages.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = [...stages, { stage: 'sum', seconds: total }].map(
    ({ stage, seconds }) => `<tr><td>${text(stage)}</td><td class="number">${formatSeconds(seconds)}</td></tr>`,
  );
  return section('Time', table(['Stage', '#Time'], rows));
}

function section(title: string, body: string): string {
  return `<section><h2>${title}</h2>${body}</section>`;
}

/** A column whose title starts with # holds numbers. */
function table(columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((column) =>
    column.startsWith('#')
      ? `<th scope="col" class="number">${column.slice(1)}</th>`
      : `<th scope="col">${column}</th>`,
  );
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function bullets(sentences: readonly string[]): string {
  return sentences.length === 0 ? '' : `<ul>${sentences.map((one) => `<li>${text(one)}</li>`).join('')}</ul>`;
}

function mark(kind: 'pass' | 'fail' | 'skip' | 'advice', word: string): string {
  return `<span class="mark ${kind}">${text(word)}</span>`;
}

function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
