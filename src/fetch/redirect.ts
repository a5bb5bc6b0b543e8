/** Where a server may send us. Pure. */
import { redact } from '../errors.ts';
import { TransferError } from './failure.ts';
import type { RedirectPolicy } from './transport.ts';

/**
 * Where a redirect leads, if it may lead there.
 * @throws TransferError UNSAFE_URL for another host under "same-host", a weaker or foreign scheme, or no usable target
 */
export function redirectTarget(from: string, location: string | null, policy: RedirectPolicy): string {
  const refuse = (why: string): TransferError =>
    new TransferError('UNSAFE_URL', `${from} redirects to ${location ?? 'nowhere'}, which ${why}`, 'never', {
      facts: { url: redact(from), location: redact(location ?? '') },
    });
  if (location === null || !URL.canParse(location, from)) throw refuse('is no address');
  const source = new URL(from);
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw refuse('is not HTTP');
  if (source.protocol === 'https:' && target.protocol === 'http:') throw refuse('is not encrypted any more');
  const upgraded = source.protocol === 'http:' && target.protocol === 'https:';
  const sameHost = upgraded ? source.hostname === target.hostname : source.host === target.host;
  if (policy === 'same-host' && !sameHost) throw refuse('is another host than the one that was asked');
  return target.href;
}
