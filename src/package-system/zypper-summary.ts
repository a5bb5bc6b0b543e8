/** What `zypper --xmlout install --dry-run` says (xmlout.rnc of zypper: install-summary). Pure. */
import { isTapprepError } from '../errors.ts';
import { readXml } from '../resolve/rpm-md/xml.ts';
import type { FrontEndTransaction, PackageChange } from './front-ends.ts';

/** @returns null where it is no summary, or has a part that is not understood */
export function readInstallSummary(text: string): FrontEndTransaction | null {
  const found: Record<keyof FrontEndTransaction, PackageChange[]> = { adds: [], replaces: [], removes: [] };
  let hasSummary = false;
  let isUnderstood = true;
  try {
    readXml(text, 'the answer of zypper', {
      open({ name, attributes }, path) {
        if (name === 'install-summary') hasSummary = true;
        const part = /(?:^|\/)install-summary\/([^/]+)\/solvable$/.exec(path)?.[1];
        if (part === undefined || attributes['type'] !== 'package') return;
        const change = {
          name: attributes['name'] ?? '',
          arch: attributes['arch'] ?? '',
          version: attributes['edition'] ?? '',
        };
        const old = attributes['edition-old'];
        if (part === 'to-install') found.adds.push(change);
        else if (part === 'to-remove') found.removes.push(change);
        else if (part in CHANGES) {
          found.replaces.push(change);
          found.removes.push({
            ...change,
            arch: attributes['arch-old'] ?? change.arch,
            version: old ?? change.version,
          });
        } else isUnderstood = false;
      },
    });
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    return null;
  }
  if (!isUnderstood) return null;
  return hasSummary || /<message[^>]*>Nothing to do\.<\/message>/.test(text) ? found : null;
}

const CHANGES = {
  'to-upgrade': true,
  'to-downgrade': true,
  'to-reinstall': true,
  'to-change-arch': true,
  'to-change-vendor': true,
  'to-upgrade-change-arch': true,
  'to-downgrade-change-arch': true,
  'to-upgrade-change-vendor': true,
  'to-downgrade-change-vendor': true,
};
