/** All rules, and the needles that find their lines in a log of any size. */
import { FACT_NEEDLES } from './log-facts.ts';
import type { Rule } from './rule.ts';
import { BUILD_TREE_RULES } from './rules/build-tree.ts';
import { COMPILE_RULES } from './rules/compile.ts';
import { DEBUGINFO_RULES } from './rules/debuginfo.ts';
import { INSTALLATION_RULES } from './rules/installation.ts';
import { LOAD_RULES } from './rules/load.ts';
import { MACHINE_RULES } from './rules/machine.ts';
import { NEIGHBOUR_RULES } from './rules/neighbours.ts';
import { PERMISSION_RULES } from './rules/permissions.ts';
import { REPOSITORY_RULES } from './rules/repositories.ts';
import { SOURCE_RULES } from './rules/sources.ts';
import { TOOLCHAIN_RULES } from './rules/toolchain.ts';
import { WITHHELD_RULES } from './rules/withheld.ts';

export const RULES: readonly Rule[] = [
  ...BUILD_TREE_RULES,
  ...MACHINE_RULES,
  ...DEBUGINFO_RULES,
  // Of two symptoms of one code that are as strong the first tells the cause.
  ...WITHHELD_RULES,
  ...SOURCE_RULES,
  ...REPOSITORY_RULES,
  ...COMPILE_RULES,
  ...TOOLCHAIN_RULES,
  ...LOAD_RULES,
  ...PERMISSION_RULES,
  ...INSTALLATION_RULES,
  ...NEIGHBOUR_RULES,
];

/** Every fixed text that a rule or the reading of facts starts from, once each. */
export const NEEDLES: readonly string[] = [
  ...new Set([
    ...RULES.flatMap(({ patterns, hints = [] }) => [...patterns, ...hints].map((pattern) => pattern.needle)),
    ...FACT_NEEDLES,
  ]),
];
