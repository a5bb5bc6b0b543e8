/** Which command brings the keys of an archive, or gets round a signature knowingly. Pure. */
import type { SignatureOutcome } from '../../trust/signature-verdict.ts';
import type { Repository } from '../../types.ts';
import { releaseDirectory } from './release-directory.ts';
import { quoteCommand, shellLine } from '../../shell-words.ts';

const KEYRING_PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/ddebs\.ubuntu\.com/, 'ubuntu-dbgsym-keyring'],
  [/ubuntu/i, 'ubuntu-keyring'],
  [/debian/i, 'debian-archive-keyring'],
];

/** A command to paste for each outcome that is not good. */
export function keyHints(repository: Repository): Partial<Readonly<Record<SignatureOutcome, string>>> {
  const { keyrings } = repository.trust;
  const where = `${repository.vendor ?? ''} ${repository.baseUrls.join(' ')}`;
  const found = KEYRING_PACKAGES.find(([pattern]) => pattern.test(where))?.[1];
  const list =
    keyrings.length === 0
      ? 'gpg --show-keys /etc/apt/trusted.gpg.d/*'
      : quoteCommand(['gpg', '--show-keys', ...keyrings]);
  const bring = found === undefined ? list : shellLine`apt-get install ${found}`;
  const [base = ''] = repository.baseUrls;
  const look = quoteCommand(['curl', '-fsSI', `${base}${releaseDirectory(repository)}InRelease`]);
  return {
    'unknown-key': bring,
    'expired-key': bring,
    'revoked-key': bring,
    unchecked: 'gpgv --version',
    'bad-signature': look,
    'no-signature': look,
    weak: list,
  };
}
