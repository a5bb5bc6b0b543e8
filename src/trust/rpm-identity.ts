/** Whether a package is the one that the plan names. Pure; the first part of a file is enough. */
import { TapprepError } from '../errors.ts';
import type { BuildId, PlanItem } from '../types.ts';
import { describeRpm, listBuildIds, type RpmHead, type RpmIdentity } from './rpm-header.ts';

/** What of a plan's item is compared. */
export type ExpectedRpm = Pick<PlanItem, 'name' | 'version' | 'arch' | 'fileName' | 'trust' | 'expects'>;

/**
 * Compares the header with the plan: name, version, release, architecture, and where the plan knows them vendor, build
 * host, build time, source package and the capabilities that made it a match. Returns sentences for the record.
 * @throws TapprepError BAD_PACKAGE, VENDOR_MISMATCH with both vendors
 */
export function checkRpmIdentity(head: RpmHead, expected: ExpectedRpm): readonly string[] {
  const found = describeRpm(head.header);
  const nevra = formatNevra(found);
  const wanted = formatNevra(expected);
  if (!isSameVersion(found, expected))
    throw wrong(expected, `is ${nevra}, the plan names ${wanted}`, { nevra, wanted });

  const vendor = expected.expects?.vendor ?? (expected.trust.kind === 'rpm-signature' ? expected.trust.vendor : null);
  if (vendor !== null && found.vendor !== vendor) {
    throw new TapprepError(
      'VENDOR_MISMATCH',
      `${expected.fileName} was built by ${found.vendor ?? 'nobody named'}, the kernel by ${vendor}`,
      { facts: { found: found.vendor, expected: vendor, nevra } },
    );
  }
  return [`header says ${nevra}`, ...(vendor === null ? [] : [`vendor is ${vendor}`]), ...checkBuild(found, expected)];
}

/** An index may leave the epoch out where the file name is all it has: a listing. */
function isSameVersion(found: RpmIdentity, expected: ExpectedRpm): boolean {
  if (found.name !== expected.name || found.arch !== expected.arch) return false;
  const isFromListing = expected.trust.kind === 'rpm-signature' && expected.trust.digest === null;
  return (
    found.version === expected.version || (isFromListing && found.version.replace(/^\d+:/, '') === expected.version)
  );
}

function checkBuild(found: RpmIdentity, expected: ExpectedRpm): readonly string[] {
  const { expects } = expected;
  if (expects === undefined) return [];
  const pairs: readonly (readonly [string, string | number | null, string | number | null])[] = [
    ['build host', found.buildHost, expects.buildHost],
    ['build time', found.buildTime, expects.buildTime],
    ['source package', found.sourceRpm, expects.sourceRpm],
  ];
  const checks: string[] = [];
  for (const [what, is, should] of pairs) {
    if (should === null) continue;
    if (is !== should) throw wrong(expected, `has the ${what} ${String(is)}, the plan says ${should}`, { is, should });
    checks.push(`${what} is ${should}`);
  }
  for (const capability of expects.provides) {
    if (!found.provides.includes(capability)) {
      throw wrong(expected, `does not provide ${capability}, by which it was chosen`, { capability });
    }
    checks.push(`provides ${capability}`);
  }
  return checks;
}

/**
 * Whether the package says that it is of the kernel's build. Whoever forges one copies that, so it vouches for nothing.
 * @throws TapprepError UNSIGNED when it names none, BUILD_ID_MISMATCH with those that it names
 */
export function checkRpmBuildId(head: RpmHead, expected: ExpectedRpm, buildId: BuildId): string {
  const named = listBuildIds(head.header);
  if (named.includes(buildId)) return `names the kernel's build-id ${buildId}`;
  if (named.length === 0) {
    throw new TapprepError(
      'UNSIGNED',
      `${expected.fileName} is not signed, and names no build-id that says which kernel it is of`,
      {
        facts: { buildId },
      },
    );
  }
  const few = named.slice(0, 3).join(', ');
  throw new TapprepError(
    'BUILD_ID_MISMATCH',
    `${expected.fileName} names the build-ids ${few}, the kernel has ${buildId}`,
    { facts: { named: named.slice(0, 20), buildId } },
  );
}

function formatNevra({ name, version, arch }: { name: string; version: string; arch: string }): string {
  return `${name}-${version}.${arch}`;
}

function wrong(expected: ExpectedRpm, what: string, facts: Readonly<Record<string, unknown>>): TapprepError {
  return new TapprepError('BAD_PACKAGE', `${expected.fileName} ${what}`, { facts });
}
