/** Kernel lockdown (kernel_lockdown(7)). */

const LEVELS = ['none', 'integrity', 'confidentiality'] as const;
export type Lockdown = (typeof LEVELS)[number];

/** The level in force in the text of /sys/kernel/security/lockdown, e.g. "none [integrity] confidentiality"; null for none given. */
export function parseLockdown(text: string): Lockdown | null {
  const open = text.indexOf('[');
  const close = text.indexOf(']', open);
  if (open === -1 || close === -1) return null;
  const word = text.slice(open + 1, close);
  return LEVELS.find((level) => level === word) ?? null;
}
