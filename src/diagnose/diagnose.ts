/** From a log and what is known of the machine to what is wrong, most likely first. Pure. */
import { escapeControl, redact } from '../errors.ts';
import type { Confidence, Diagnosis, HostFacts, Remedy, Target } from '../types.ts';
import type { DiagnosisCode } from './codes.ts';
import { LogExcerpt } from './log-excerpt.ts';
import { readLogFacts, type LogFacts } from './log-facts.ts';
import { splitLog, type LogLine } from './log-line.ts';
import { withoutBystanders } from './bystanders.ts';
import { decideBetween } from './decide.ts';
import { indexLines } from './line-index.ts';
import { advise } from './advise.ts';
import { findOtherManager } from './other-managers.ts';
import type { Reach } from './place.ts';
import type { Grade, Rule, Match } from './rule.ts';
import { NEEDLES, RULES } from './rules.ts';
import { isStronger, weigh, type Weighed } from './weigh.ts';
import { withoutOwnWords } from './own-words.ts';
import { describeSituation, type Situation } from './situation.ts';
import { upperFirst } from '../sentence.ts';

const EVIDENCE_LINES = 6;
const EVIDENCE_CHARACTERS = 300;
/** More explanations than this help nobody. */
const MOST_DIAGNOSES = 8;

export interface DiagnoseInput {
  /** Output of a failed run, any size. */
  readonly log?: string;
  readonly facts?: HostFacts | null;
  readonly target?: Target | null;
  /** How the machine is named and reached; as the facts tell where left out. */
  readonly reach?: Reach;
}

/** Explains a failed run. Empty where nothing is recognised. */
export function diagnose(input: DiagnoseInput): readonly Diagnosis[] {
  const excerpt = new LogExcerpt(NEEDLES);
  excerpt.push(Buffer.from(input.log ?? '', 'utf8'));
  return explainExcerpt(excerpt.finish(), input.facts ?? null, input.target ?? null, input.reach).diagnoses;
}

/** The same for a log that was read as a stream; also tells what the log says of its machine. */
export function explainExcerpt(
  text: string,
  facts: HostFacts | null,
  target: Target | null,
  reach?: Reach,
): { readonly diagnoses: readonly Diagnosis[]; readonly situation: Situation; readonly log: LogFacts } {
  const { lines: foreign, onlyQuoted } = withoutOwnWords(splitLog(text));
  const lines = withoutBystanders(foreign);
  const log = readLogFacts(lines);
  const situation = describeSituation(log, facts, target, reach, findOtherManager(lines));
  return { diagnoses: applyRules(lines, situation, onlyQuoted), situation, log };
}

interface Finding extends Weighed {
  readonly evidence: readonly LogLine[];
  readonly cause: string;
  /** Null where those of the code will do. */
  readonly remedies: readonly Remedy[] | null;
  /** Undefined where that of the code will do. */
  readonly otherwise: string | null | undefined;
}

/** @param isHearsay what is read may not have happened here, so that every symptom leads less far */
function applyRules(lines: readonly LogLine[], situation: Situation, isHearsay: boolean): readonly Diagnosis[] {
  const index = indexLines(lines, NEEDLES);
  const findings = new Map<DiagnosisCode, Finding>();
  for (const rule of RULES) {
    const matches = rule.patterns.flatMap((pattern) => index.matches(pattern));
    if (rule.patterns.length > 0 && matches.length === 0) continue;
    const match: Match = {
      situation,
      lines: matches.map((match) => match.line),
      groups: matches[0]?.groups ?? [],
      captures: matches.map((match) => match.groups),
      linesOf: (pattern) => index.matches(pattern).map((match) => match.line),
      seen: (pattern) => index.matches(pattern).length > 0,
    };
    const finding = judge(rule, match, isHearsay);
    if (finding === null) continue;
    const before = findings.get(rule.code);
    findings.set(rule.code, before === undefined ? finding : merge(before, finding));
  }
  const weighed = weigh([...findings.values()]).slice(0, MOST_DIAGNOSES);
  return weighed.map((finding, index) => {
    const diagnosis = toDiagnosis(finding, situation);
    const second = weighed[1];
    if (index > 0 || second === undefined || finding.grade === 'proves') return diagnosis;
    const decidedBy = decideBetween(finding.code, second.code, situation);
    return decidedBy === null ? diagnosis : { ...diagnosis, decidedBy };
  });
}

function judge(rule: Rule, match: Match, isHearsay: boolean): Finding | null {
  const seen = typeof rule.grade === 'string' ? rule.grade : rule.grade(match);
  const grade = isHearsay && seen !== null ? GRADE_BELOW[seen] : seen;
  if (grade === null) return null;
  return {
    code: rule.code,
    grade,
    run: match.situation.log.runOf(match.lines[0]?.position ?? 0),
    evidence: [...match.lines.slice(0, EVIDENCE_LINES), ...(rule.evidence?.(match) ?? [])],
    cause: rule.cause(match).replace(/^(?:the|kernel) /, upperFirst),
    remedies: rule.remedies?.(match.situation, match) ?? null,
    otherwise: rule.otherwise,
  };
}

/** Two symptoms of one cause: the stronger tells it, both prove it. */
function merge(a: Finding, b: Finding): Finding {
  const [strong, weak] = isStronger(b, a) ? [b, a] : [a, b];
  return { ...strong, evidence: [...strong.evidence, ...weak.evidence] };
}

function toDiagnosis(finding: Finding, situation: Situation): Diagnosis {
  return {
    code: finding.code,
    confidence: CONFIDENCE[finding.grade],
    evidence: evidenceOf(finding.evidence),
    cause: escapeControl(redact(finding.cause)),
    ...advise(finding.code, situation, finding.remedies, finding.otherwise),
  };
}

/** Lines safe to print, without repetitions, each of bounded length. */
function evidenceOf(lines: readonly LogLine[]): readonly string[] {
  const texts = lines.map(({ raw }) => {
    const text = escapeControl(redact(raw.trim()));
    return text.length > EVIDENCE_CHARACTERS ? `${text.slice(0, EVIDENCE_CHARACTERS)} …` : text;
  });
  return [...new Set(texts)].slice(0, EVIDENCE_LINES);
}

const CONFIDENCE: Readonly<Record<Grade, Confidence>> = { proves: 'certain', points: 'likely', allows: 'possible' };

const GRADE_BELOW: Readonly<Record<Grade, Grade | null>> = { proves: 'points', points: 'allows', allows: null };
