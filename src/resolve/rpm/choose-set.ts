/** Chooses one package for every need, so that all of them are of one vendor's one build. Pure. */
import { isDebuginfoUnseen } from '../../detect/kernel-families.ts';
import type { RpmTarget } from '../../types.ts';
import { refuseUnsigned, UNSIGNED_SWITCH } from '../../trust/unsigned.ts';
import { versionRelease } from '../../version/evr.ts';
import type { PackageRecord } from '../reader.ts';
import {
  chooseOne,
  isOtherBuild,
  isSigned,
  listCandidates,
  type Anchor,
  type Choice,
  type KernelBuild,
} from './choose.ts';
import { explainMiss } from './miss.ts';
import type { Need } from './needs.ts';

/**
 * One choice for each need. Where the kernel's vendor is not known the vendors of the devel candidates are tried in
 * turn: the first whose set is whole is taken, for a mixture of vendors is never one kernel. `notes` gets sentences.
 * @param allowUnsigned the user allowed by name what nobody signed
 * @throws TapprepError NO_EXACT_PACKAGE | VENDOR_MISMATCH | UNSIGNED
 */
export function chooseSet(
  needs: readonly Need[],
  records: readonly PackageRecord[],
  target: RpmTarget,
  kernel: KernelBuild | null,
  notes: string[],
  allowUnsigned = false,
): readonly Choice[] {
  const [first] = needs;
  if (first === undefined) return [];
  if (kernel !== null && kernel.vendor !== null) {
    return chooseBy({ build: kernel, of: 'the kernel', kernel }, needs, records, target, notes, allowUnsigned);
  }
  const leaders = listCandidates(first, records, target);
  if (leaders.length === 0) throw explainMiss(first, records, target);
  const vendors = [...new Set(leaders.map(({ record }) => record.vendor))];
  let failure: unknown = null;
  for (const vendor of vendors) {
    const build = { vendor, buildHost: kernel?.buildHost ?? null, buildTime: kernel?.buildTime ?? null };
    const attempt: string[] = [];
    try {
      const choices = chooseBy(
        { build, of: `${first.names[0]} ${first.version}`, kernel },
        needs,
        records,
        target,
        attempt,
        allowUnsigned,
      );
      notes.push(...attempt);
      if (vendors.length > 1)
        notes.push(
          `${vendors.map(String).join(' and ')} offer ${first.names[0]} of this version: ${vendor} has the whole set`,
        );
      return choices;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function chooseBy(
  start: Anchor,
  needs: readonly Need[],
  records: readonly PackageRecord[],
  target: RpmTarget,
  notes: string[],
  allowUnsigned: boolean,
): readonly Choice[] {
  let anchor = start;
  const choices: Choice[] = [];
  for (const need of needs) {
    const debuginfo = choices.find((choice) => choice.need.role === 'debuginfo');
    const real = followRequires(need, debuginfo);
    if (real === null) continue;
    const candidates = listCandidates(real, records, target);
    const choice = chooseOne(candidates, anchor);
    if (choice === null && isOptional(need, target)) {
      if (need.role === 'debuginfo')
        notes.push(
          `no repository has ${need.names.join(' or ')} ${need.version}: nothing is known of debug packages of this kernel, and kernel.function probes need them`,
        );
      continue;
    }
    if (choice === null && need.role === 'debugsource') {
      notes.push(
        `no repository has ${need.names.join(' or ')} ${need.version}: probes on source lines will not show the source`,
      );
      continue;
    }
    if (choice === null) throw explainMiss(real, records, target);
    requireSigned(choice, allowUnsigned, notes);
    noteOtherBuild(choice, anchor, notes);
    if (need.role === 'devel') noteTwins(choice, candidates, notes);
    choices.push(choice);
    anchor = widenAnchor(anchor, choice);
  }
  return choices;
}

/** Of a kernel that only the index named, and of some rows, nobody knows whether debug packages are published at all. */
function isOptional({ role }: Need, target: RpmTarget): boolean {
  return isDebuginfoUnseen(target) && (role === 'debuginfo' || role === 'debuginfo-common');
}

/** What the first package says of its build is what the others are held against, as far as the kernel did not say it. */
function widenAnchor(anchor: Anchor, { record }: Choice): Anchor {
  const { build } = anchor;
  return {
    ...anchor,
    build: {
      vendor: build?.vendor ?? record.vendor,
      buildHost: build?.buildHost ?? record.buildHost,
      buildTime: build?.buildTime ?? record.buildTime,
    },
  };
}

/**
 * R2: the package of common files is the one that debuginfo requires, whatever it is called and if it requires one. A
 * listing has no requires: there the name is all there is.
 */
function followRequires(need: Need, debuginfo: Choice | undefined): Need | null {
  if (need.role !== 'debuginfo-common' || debuginfo === undefined || debuginfo.record.requires.length === 0)
    return need;
  const found = debuginfo.record.requires.flatMap(
    (entry) => /^(\S+-debuginfo-common\S*)(?: = (\S+))?$/.exec(entry) ?? [],
  );
  const [, name, version] = found;
  if (name === undefined) return null;
  // TencentOS' older specs require it of any version; it is the kernel's all the same.
  return {
    ...need,
    names: [name],
    prefix: false,
    ...(version === undefined ? {} : { version: versionRelease(version) }),
  };
}

/** Said when planning, not after a download of a gigabyte that nobody vouches for. */
function requireSigned({ need, record }: Choice, allowUnsigned: boolean, notes: string[]): void {
  if (isSigned(record)) return;
  const { name, version, repository } = record;
  if (allowUnsigned) {
    notes.push(`${name}: ${repository.id} signs nothing, and it is taken because ${UNSIGNED_SWITCH} was given`);
    return;
  }
  const sentence = `${name} ${version} is only in ${repository.id}, which signs nothing`;
  const without = need.role.startsWith('debug') ? '--no-debuginfo' : null;
  throw refuseUnsigned(sentence, { package: name, repository: repository.id, role: need.role }, without);
}

/** Where nothing but the names tells the kernels of one release apart, the likeliest is taken. */
function noteTwins({ match, record }: Choice, candidates: readonly Choice[], notes: string[]): void {
  const others = candidates.filter((one) => one.match === match && one.record.name !== record.name);
  if (match !== 'nevra' || others.length === 0) return;
  const names = [...new Set(others.map((one) => one.record.name))];
  notes.push(
    `${record.name} ${record.version} is taken, and ${names.join(' and ')} of the same version may be the kernel's as well: the release does not tell, so the build tree has to prove that it fits`,
  );
}

/** Packages without architecture are built apart; SUSE and Azure Linux also sign the kernel by a build of its own. */
function noteOtherBuild({ record }: Choice, { build, of }: Anchor, notes: string[]): void {
  if (build === null || record.arch === 'noarch' || !isOtherBuild(record, build)) return;
  notes.push(
    `${record.name} ${record.version} was built on ${record.buildHost} at ${record.buildTime}, ${of} on ${build.buildHost} at ${build.buildTime}: the same name and version, so the build tree has to prove that it fits`,
  );
}
