/** Makes a target's registration known to the fetcher, so that the target's own repositories answer. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isErrno, TapprepError } from '../errors.ts';
import { shellLine } from '../shell-words.ts';
import { runAsRoot } from '../make-remedy.ts';
import type { Remedy, Repository, RepositoryIdentity, Target } from '../types.ts';
import type { Session } from './session.ts';

/** SUSE has a program of its own. */
export function registerRemedy({ distro }: Pick<Target, 'distro'>): Remedy {
  const tool = /^sle|^suse/i.test(distro) ? 'SUSEConnect' : 'subscription-manager';
  return { kind: 'register', by: 'user', tool };
}

/**
 * What a repository's server wants to know of the target is shown from now on, below the addresses of the repository.
 * @throws TapprepError NOT_REGISTERED where a certificate is not there, not on this machine, or not valid now; PERMISSION
 */
export async function presentIdentity(session: Session, target: Target, repository: Repository): Promise<void> {
  const { identity, baseUrls, discovery } = repository;
  if (identity === undefined) return;
  const remedy = registerRemedy(target);
  const certificate = await readCertificate(repository.id, identity, target, session.now(), remedy);
  const shown = {
    name: nameOf(identity),
    certificate,
    authorities:
      identity.authorities === null || !identity.isHere
        ? null
        : [await readPem(identity.authorities, repository.id, remedy)],
    token: identity.token,
    remedy,
  };
  for (const base of baseUrls) session.fetcher.introduce(base, shown);
  if (discovery === null || discovery === undefined) return;
  // A list of mirrors names addresses of its own server (RHUI).
  session.fetcher.introduce(discovery.url, shown);
  session.fetcher.introduce(new URL('/', discovery.url).href, shown);
}

/** The same for every repository; what cannot be shown is left to the server to refuse. */
export async function presentAll(session: Session, target: Target, repositories: readonly Repository[]): Promise<void> {
  for (const repository of repositories) {
    await presentIdentity(session, target, repository).catch((error: unknown) => {
      if (!(error instanceof TapprepError)) throw error;
    });
  }
}

function nameOf({ certificate, token }: RepositoryIdentity): string {
  if (certificate !== null) return `the client certificate ${certificate}`;
  return token === null ? 'without any certificate' : 'the token in its address';
}

async function readCertificate(
  id: string,
  { certificate, key, isHere }: RepositoryIdentity,
  { release }: Target,
  now: number,
  remedy: Remedy,
): Promise<{ readonly cert: string; readonly key: string } | null> {
  if (certificate === null) return null;
  if (!isHere) {
    throw new TapprepError(
      'NOT_REGISTERED',
      `${id} only answers the client certificate ${certificate} of the target, and this machine is another one: a client key stays where it is`,
      {
        remedy: runAsRoot(shellLine`tapprep install --kernel ${release}`),
        facts: { repository: id, certificate },
      },
    );
  }
  const cert = await readPem(certificate, id, remedy);
  const validity = validityOf(cert);
  if (validity === null)
    throw unregistered(id, `the client certificate ${certificate} is none in PEM`, { certificate }, remedy);
  const { from, to } = validity;
  if (now > to || now < from) {
    const what = now > to ? `expired on ${day(to)}` : `is not valid before ${day(from)}`;
    throw unregistered(
      id,
      `its client certificate ${certificate} ${what}, and today is ${day(now)}`,
      { certificate, validTo: day(to) },
      remedy,
    );
  }
  return { cert, key: key === null ? cert : await readPem(key, id, remedy) };
}

function validityOf(pem: string): { readonly from: number; readonly to: number } | null {
  try {
    const { validFrom, validTo } = new X509Certificate(pem);
    return { from: Date.parse(validFrom), to: Date.parse(validTo) };
  } catch {
    // OpenSSL throws for whatever is no certificate.
    return null;
  }
}

async function readPem(path: string, id: string, remedy: Remedy): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'EACCES')) {
      throw new TapprepError(
        'PERMISSION',
        `${id} asks for the registration of this system, and ${path} is root's alone`,
        {
          hint: 'run the same command with sudo',
          facts: { repository: id, path },
        },
      );
    }
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw unregistered(id, `it names ${path}, and there is no such file`, { path }, remedy);
  }
}

function unregistered(id: string, why: string, facts: Readonly<Record<string, unknown>>, remedy: Remedy): TapprepError {
  return new TapprepError('NOT_REGISTERED', `${id} only answers a registered system: ${why}`, {
    remedy,
    facts: { repository: id, ...facts },
  });
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
