/** A bundle as the source of an installation: unpacked, held against its manifest, its evidence checked again. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { adaptToInstalled } from '../bundle/adapt.ts';
import { fileNameOf, toPlan, toPlanItem } from '../bundle/packages.ts';
import { openBundle, type OpenBundle } from '../bundle/read.ts';
import { requireSameTarget } from '../bundle/same-target.ts';
import { verifyBundleSignature } from '../bundle/sign.ts';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { listPackages } from '../install/package-list.ts';
import { verifyBundledArtifact } from '../trust/bundled.ts';
import type { Artifact, Fingerprint, Plan } from '../types.ts';
import { findVouches, vouchAll, type Vouches } from './bundle-vouch.ts';
import { findRepositories } from './find-repositories.ts';
import type { Subject } from './open-target.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';

export interface BundleChoice {
  /** Absolute path of the tar. */
  readonly path: string;
  /** A key file of which one has to have signed the bundle; null where none is asked for. */
  readonly keyring: string | null;
  /** Accept packages whose signatures cannot be checked here for want of keys. */
  readonly allowUnchecked: boolean;
}

/** What an installation takes from a bundle instead of from repositories. */
export interface BundleInstall {
  readonly plan: Plan;
  readonly artifacts: readonly Artifact[];
}

/**
 * Runs `body` with the checked contents of a bundle; what was unpacked is removed afterwards. Nothing is changed on the
 * target before everything in the bundle has been checked.
 * @throws TapprepError BAD_BUNDLE | DIGEST_MISMATCH | WRONG_TARGET | EVIDENCE_UNCHECKED, what signatures may fail by
 */
export async function withBundle<Result>(
  session: Session,
  subject: Subject,
  host: Host,
  choice: BundleChoice,
  body: (install: BundleInstall) => Promise<Result>,
): Promise<Result> {
  const parent = join(session.cacheDir, 'tmp');
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, 'bundle-'));
  try {
    const install = await runStage(
      session,
      'bundle',
      async () => checkBundle(session, subject, host, choice, await openBundle(choice.path, directory, session.signal)),
      ({ artifacts }) => `${artifacts.length} packages verified`,
    );
    return await body(install);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function checkBundle(
  session: Session,
  subject: Subject,
  host: Host,
  choice: BundleChoice,
  bundle: OpenBundle,
): Promise<BundleInstall> {
  const { manifest } = bundle;
  const { emit, reader } = session;
  const name = basename(choice.path);
  if (manifest.kind !== 'packages') {
    throw new TapprepError('USAGE', `${name} holds compiled modules, which are run and not installed`, {
      hint: `tar -xf ${choice.path}, then sh run.sh --list in the directory that it makes`,
    });
  }
  requireSameTarget(manifest.target, subject.target, name);
  for (const text of manifest.warnings) emit({ type: 'note', level: 'warning', text });
  const signer = choice.keyring === null ? null : await verifyBundleSignature(bundle, choice.keyring, name, reader.run);
  const { repositories } = await findRepositories(session, subject, {
    contents: ['devel', 'debuginfo', 'image', 'systemtap', 'toolchain'],
    allowExpiredRelease: true,
  });
  const { byPath, unchecked } = await findVouches({ session, subject, bundle, repositories });
  requireChecked(unchecked, signer, choice, name);
  const vouches = new Map([...byPath, ...vouchAll(unchecked, signer)]);
  const manager = manifest.target.family === 'deb' ? 'dpkg' : 'rpm';
  const items = manifest.packages.map(toPlanItem);
  const adapted = adaptToInstalled(items, await listPackages(host, manager), manifest.target.family);
  for (const text of adapted.notes) emit({ type: 'note', level: 'info', text });
  const wanted = new Map(adapted.items.map((item) => [item.fileName, item]));
  const artifacts: Artifact[] = [];
  for (const bundled of manifest.packages) {
    const vouch = vouches.get(bundled.path);
    if (vouch === undefined) throw new TapprepError('INTERNAL', `nothing was said of ${bundled.path}`);
    const item = wanted.get(fileNameOf(bundled));
    // What is there already is checked too: a bundle with one bad package in it is a bad bundle.
    const path = bundle.pathOf(bundled.path);
    const artifact = await verifyBundledArtifact(item ?? toPlanItem(bundled), path, bundled.sha256, vouch, reader);
    if (item !== undefined) artifacts.push(artifact);
  }
  const present = [...manifest.present, ...adapted.present];
  const plan = toPlan(
    { ...manifest, present },
    artifacts.map(({ item }) => item),
  );
  return { plan, artifacts };
}

/** "Could not be checked" is a state of its own: neither good nor bad, and passed only by a switch that says so. */
function requireChecked(
  unchecked: Vouches['unchecked'],
  signer: Fingerprint | null,
  { allowUnchecked, path }: BundleChoice,
  name: string,
): void {
  const [first] = unchecked;
  if (first === undefined || signer !== null || allowUnchecked) return;
  throw new TapprepError(
    'EVIDENCE_UNCHECKED',
    `the digests of ${name} are those of its manifest, but who made ${unchecked.length} of its packages could not be checked here: ${first.why}`,
    {
      hint: `tapprep install --bundle ${path} --bundle-keyring FILE, for a bundle signed by somebody you know, or --allow-unchecked-evidence`,
      facts: { unchecked: unchecked.length, reasons: [...new Set(unchecked.map(({ why }) => why))] },
    },
  );
}
