/** What a repository of rpms, or who stands between, may try. The files are written by the byte. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildId, Fingerprint, RepositoryTrust, TrustRequirement } from '../../src/types.ts';
import type { RpmItem } from '../../src/trust/rpm-verify.ts';
import type { TestKey } from '../helpers/gpg.ts';
import { kernelBuild, openRpmLab } from '../helpers/rpm-lab.ts';
import { rpmRepository } from '../helpers/rpm-repository.ts';
import { headerTags, type Tags, writeRpm } from '../helpers/rpm-writer.ts';
import { runLocally } from '../helpers/run.ts';
import {
  atEnd,
  type Attack,
  type GuardEdit,
  held,
  once,
  type Outcome,
  refusalOf,
  succeeded,
  type Tree,
} from './attack.ts';
import {
  detach,
  expired,
  home,
  IN_2014,
  owner,
  revokeSubkey,
  short,
  stranger,
  withExpiredSubkey,
  withRevokedSubkey,
} from './keys.ts';
import { sha256 } from './forged-bundle.ts';

const NAME = 'kernel-debuginfo';
const VERSION = '5.14.0-503.11.1.el9_5';
const BUILD_ID = '5f'.repeat(20) as BuildId;
const PAYLOAD = Buffer.alloc(5000, 'payload ');
const VERIFY = 'src/trust/rpm-verify.ts';
const off = (file: string, text: string, replacement = ''): GuardEdit => ({ file, text, replacement });
const ANY_SIGNATURE = off(VERIFY, 'requireGoodSignature(verdict,', 'void (verdict,');

/** The header of a kernel's debug package as EL9 has it: it names the digest of its payload and the kernel's build-id. */
function header(name = NAME, extra: Tags = []): Tags {
  return headerTags(name, '5.14.0', '503.11.1.el9_5', [
    [1047, { texts: ['debuginfo(build-id)'] }],
    [1112, { numbers: [8] }],
    [1113, { texts: [BUILD_ID] }],
    [5092, { texts: [sha256(PAYLOAD)] }],
    [5093, { numbers: [8] }],
    ...extra,
  ]);
}

const signedBy =
  (key: TestKey, extra: readonly string[] = []) =>
  (bytes: Buffer): Tags => [[268, { bytes: detach(bytes, key, extra) }]];

interface Offer {
  readonly file: Buffer;
  readonly keys?: readonly TestKey[];
  readonly trust?: Partial<RepositoryTrust>;
  readonly requirement?: TrustRequirement;
  readonly item?: Partial<RpmItem>;
}

async function offer(
  tree: Tree,
  { file, keys = [owner()], trust = {}, requirement, item = {} }: Offer,
): Promise<Outcome> {
  const { verifyRpm } = await tree.load<typeof import('../../src/trust/rpm-verify.ts')>(VERIFY);
  const fileName = `${NAME}-${VERSION}.x86_64.rpm`;
  const path = join(tree.scratch(), fileName);
  writeFileSync(path, file);
  const from: RepositoryTrust = {
    metadata: 'unsigned',
    packages: 'signed',
    fingerprints: [],
    keyrings: keys.map(({ keyring }) => keyring),
    allow: [],
    ...trust,
  };
  const wanted: RpmItem = {
    name: NAME,
    version: VERSION,
    arch: 'x86_64',
    fileName,
    sizeBytes: null,
    trust: requirement ?? { kind: 'rpm-signature', trust: from, digest: null, vendor: 'CentOS', buildId: BUILD_ID },
    ...item,
  };
  const context = { run: runLocally, signal: new AbortController().signal };
  return refusalOf(verifyRpm(path, wanted, context), () => 'it is installed as root');
}

const attack = (name: string, guard: readonly GuardEdit[], make: () => Offer): Attack => ({
  name,
  guard,
  attempt: (tree) => offer(tree, make()),
});

const honest = once(() => writeRpm(header(), PAYLOAD, signedBy(owner())));
const UNSIGNED = off(VERIFY, 'if (!allowed) throw', 'if (head === null) throw');

const FILES: readonly Attack[] = [
  attack("an unsigned rpm that names the kernel's build-id, from a source that signs nothing", [UNSIGNED], () => ({
    file: writeRpm(header(), PAYLOAD),
    trust: { packages: 'unsigned' },
  })),
  attack('an unsigned rpm with the digest that an unsigned index names', [UNSIGNED], () => {
    const file = writeRpm(header(), PAYLOAD);
    const digest = { algorithm: 'sha256', hex: sha256(file) } as const;
    return { file, requirement: { kind: 'unsigned-index', digest, index: 'http://m.example/', buildId: BUILD_ID } };
  }),
  attack('an rpm without a signature from a source that signs', [ANY_SIGNATURE], () => ({
    file: writeRpm(header(), PAYLOAD),
  })),
  attack('an rpm signed by a stranger', [ANY_SIGNATURE], () => ({
    file: writeRpm(header(), PAYLOAD, signedBy(stranger())),
  })),
  attack('the header of another package under a good signature', [ANY_SIGNATURE], () => ({
    file: writeRpm(header(NAME, [[1007, { text: 'evil.example' }]]), PAYLOAD, () => [
      [268, { bytes: detach(Buffer.from('what the owner signed'), owner()) }],
    ]),
  })),
  attack(
    'another payload under a good signature of the header',
    [off('src/trust/rpm-digests.ts', 'if (has !== payload.hex) throw', "if (has === '') throw")],
    () => {
      const file = Buffer.from(honest());
      file.fill('P', file.length - 100);
      return { file };
    },
  ),
  attack(
    'a payload that no signature covers: the header names no digest of it',
    [
      off(
        'src/trust/rpm-signature.ts',
        'if (payloadDigestOf(head) !== null && overHeader.length > 0) {',
        'if (overHeader.length > 0) {',
      ),
    ],
    () => ({ file: writeRpm(headerTags(NAME, '5.14.0', '503.11.1.el9_5'), PAYLOAD, signedBy(owner())) }),
  ),
  attack(
    'another package, well signed, under the name of the wanted one',
    [off('src/trust/rpm-identity.ts', 'if (!isSameVersion(found, expected))', "if (found.name === '')")],
    () => ({ file: writeRpm(header('telnet-server'), PAYLOAD, signedBy(owner())) }),
  ),
  attack(
    'the same name and version, well signed, built by another vendor',
    [off('src/trust/rpm-identity.ts', 'if (vendor !== null && found.vendor !== vendor) {', "if (vendor === '') {")],
    () => ({ file: honest(), item: { expects: expecting('Red Hat, Inc.') } }),
  ),
  attack(
    'other bytes than the signed index names',
    [off(VERIFY, 'if (file.wanted !== digest.hex) {', "if (file.wanted === '') {")],
    () => ({
      file: writeRpm(header(), PAYLOAD),
      requirement: {
        kind: 'signed-index',
        digest: { algorithm: 'sha256', hex: sha256(honest()) },
        signer: 'A'.repeat(40) as Fingerprint,
        index: 'http://m.example/repodata/repomd.xml',
      },
    }),
  ),
  attack(
    'another length than the index names',
    [off(VERIFY, 'if (item.sizeBytes !== null && item.sizeBytes !== file.sizeBytes) {', 'if (file.sizeBytes < 0) {')],
    () => ({ file: honest(), item: { sizeBytes: 5 } }),
  ),
  attack(
    'a header that does not have the digest which stands beside it',
    [
      off('src/trust/rpm-digests.ts', 'if (found !== stated.toLowerCase()) throw', "if (found === '') throw"),
      ANY_SIGNATURE,
    ],
    () => {
      const file = Buffer.from(honest());
      const at = file.indexOf('CentOS\0');
      file.write('CentoS', at, 'latin1');
      return {
        file,
        item: { trust: { kind: 'rpm-signature', trust: trustOf([owner()]), digest: null, vendor: null } },
      };
    },
  ),
  attack(
    'a whole signed message where the signature should be',
    [
      off(
        'src/trust/rpm-signature.ts',
        'packetBytes(bytes, isNew) === bytes.length) return bytes;',
        'bytes.length > 0) return bytes;',
      ),
      off('src/trust/rpm-signature.ts', '(head & 0x80) !== 0 && tag === SIGNATURE_PACKET &&', 'tag >= 0 &&'),
      ANY_SIGNATURE,
    ],
    () => ({
      file: writeRpm(header(), PAYLOAD, () => [
        [268, { bytes: home().sign('a message', owner(), '--sign' as '--detach-sign') }],
      ]),
    }),
  ),
  attack(
    'an rpm signed by an RSA key of 1024 bits',
    [
      off(
        'src/trust/signature-verdict.ts',
        "if (status.fingerprint !== null && isShortRsa(status, keyring)) found.push('short-rsa');",
      ),
    ],
    () => ({ file: writeRpm(header(), PAYLOAD, signedBy(short())), keys: [short()] }),
  ),
  attack(
    'an rpm signed over SHA-1, where the source does not allow that',
    [off('src/trust/signature-verdict.ts', 'if (hash !== undefined) found.push(hash);')],
    () => ({ file: writeRpm(header(), PAYLOAD, signedBy(owner(), ['--digest-algo', 'SHA1'])) }),
  ),
  attack(
    'an rpm signed by an expired key',
    [off('src/trust/signature-status.ts', "EXPKEYSIG: 'expired-key'", "EXPKEYSIG: 'good'")],
    () => ({ file: writeRpm(header(), PAYLOAD, signedBy(expired(), IN_2014)), keys: [expired()] }),
  ),
  attack(
    'an rpm signed by a subkey that has expired, of a key that has not',
    [off('src/trust/signature-status.ts', "EXPKEYSIG: 'expired-key'", "EXPKEYSIG: 'good'")],
    () => ({
      file: writeRpm(header(), PAYLOAD, bySubkey(withExpiredSubkey(), IN_2014)),
      keys: [withExpiredSubkey()],
    }),
  ),
  attack(
    'an rpm signed by a subkey that was revoked, of a key that was not',
    [off('src/trust/signature-status.ts', "REVKEYSIG: 'revoked-key'", "REVKEYSIG: 'good'")],
    () => {
      const file = signedByRevokedSubkey();
      return { file, keys: [withRevokedSubkey()] };
    },
  ),
  attack('an rpm whose signature claims the id of the owner and is by a stranger', [ANY_SIGNATURE], () => ({
    file: writeRpm(header(), PAYLOAD, (bytes) => {
      const signature = detach(bytes, stranger());
      // Subpacket 16, the id of the issuer, is signed by nobody.
      const at = signature.indexOf(
        Buffer.from(stranger().fingerprint.slice(-16), 'hex'),
        signature.indexOf(Buffer.from([9, 16])),
      );
      Buffer.from(owner().fingerprint.slice(-16), 'hex').copy(signature, at);
      return [[268, { bytes: signature }]];
    }),
  })),
];

function trustOf(keys: readonly TestKey[]): RepositoryTrust {
  const keyrings = keys.map(({ keyring }) => keyring);
  return { metadata: 'unsigned', packages: 'signed', fingerprints: [], keyrings, allow: [] };
}

function expecting(vendor: string): NonNullable<RpmItem['expects']> {
  return { vendor, buildHost: null, buildTime: null, sourceRpm: null, provides: [] };
}

function bySubkey(key: TestKey & { readonly subkey: string }, extra: readonly string[] = []): (bytes: Buffer) => Tags {
  return signedBy({ ...key, fingerprint: `${key.subkey}!` as Fingerprint }, extra);
}

const signedByRevokedSubkey = once(() => {
  const file = writeRpm(header(), PAYLOAD, bySubkey(withRevokedSubkey()));
  revokeSubkey(withRevokedSubkey());
  return file;
});

// ---------------------------------------------------------------- planning and installing

const RECORD = {
  name: 'kernel-devel',
  version: VERSION,
  arch: 'x86_64',
  sizeBytes: 1,
  installedBytes: 1,
  requires: [],
  vendor: 'CentOS',
  buildHost: null,
  buildTime: null,
  source: null,
} as const;

const PLANS: readonly Attack[] = [
  {
    name: 'a source that signs nothing gets into the plan',
    guard: [off('src/resolve/rpm/choose-set.ts', 'if (isSigned(record)) return;', 'if (record !== null) return;')],
    attempt: async (tree) => {
      const koji = rpmRepository(['http://koji.example/'], { packages: 'unsigned' });
      const trust = {
        kind: 'rpm-signature',
        trust: koji.trust,
        digest: null,
        vendor: null,
        buildId: BUILD_ID,
      } as const;
      return refusalOf(
        plan(tree, [
          {
            ...RECORD,
            urls: ['http://koji.example/kernel-devel.rpm'],
            digest: null,
            trust,
            repository: koji,
            provides: [],
          },
        ]),
      );
    },
  },
  {
    name: 'a second repository with other bytes under one NEVRA gets its address into the plan',
    guard: [
      off(
        'src/resolve/rpm/items.ts',
        'other.digest?.algorithm === digest.algorithm && other.digest.hex === digest.hex',
        'other.name === record.name',
      ),
    ],
    attempt: async (tree) => {
      const made = await plan(tree, [record('a.example', 'a'.repeat(64)), record('evil.example', 'e'.repeat(64))]);
      const urls = made.items.flatMap((item) => item.urls).filter((url) => url.includes('evil'));
      return urls.length === 0 ? held('only the bytes of the first are asked for') : succeeded(urls.join(', '));
    },
  },
  {
    name: 'the %post of an rpm that nobody signed is run, where the user allowed such packages',
    guard: [off('src/install/commands.ts', "...(unsigned ? ['--noscripts', '--notriggers'] : []),")],
    attempt: async (tree) => {
      const { buildInstallArgv } =
        await tree.load<typeof import('../../src/install/commands.ts')>('src/install/commands.ts');
      const root = tree.scratch();
      mkdirSync(join(root, 'etc'));
      const argv = buildInstallArgv([scripted()], { method: 'dnf', inRoot: true, replaces: false, unsigned: true });
      return ranIn(root, argv);
    },
  },
  {
    name: 'install.sh runs the %post of an rpm that nobody signed, where the user allowed such packages',
    guard: [off('src/bundle/sh/packages.sh', 'unsigned*) set -- --noscripts --notriggers "$@" ;;', 'unsigned*) ;;')],
    attempt: async (tree) => byScript(tree, 'yes'),
  },
  {
    name: 'install.sh installs an rpm that nobody signed without being told to',
    guard: [off('src/bundle/sh/packages.sh', '[ -z "$keyring" ] && ! is_signed "$path"', 'false')],
    attempt: async (tree) => byScript(tree, ''),
  },
];

/** kernel-devel with these bytes at that host. */
function record(host: string, hex: string): Parameters<typeof plan>[1][number] {
  const repository = rpmRepository([`http://${host}/`], {}, { id: host });
  const digest = { algorithm: 'sha256', hex } as const;
  const trust = { kind: 'rpm-signature', trust: repository.trust, digest, vendor: null } as const;
  return { ...RECORD, urls: [`http://${host}/kernel-devel.rpm`], digest, trust, repository, provides: [] };
}

async function plan(
  tree: Tree,
  records: readonly Parameters<typeof import('../../src/resolve/rpm/plan-rpm.ts').planRpm>[1][number][],
): Promise<ReturnType<typeof import('../../src/resolve/rpm/plan-rpm.ts').planRpm>> {
  const { planRpm } =
    await tree.load<typeof import('../../src/resolve/rpm/plan-rpm.ts')>('src/resolve/rpm/plan-rpm.ts');
  const { identifyTarget } = await tree.load<typeof import('../../src/detect/target.ts')>('src/detect/target.ts');
  const { declareFacts } =
    await tree.load<typeof import('../../src/detect/declared-facts.ts')>('src/detect/declared-facts.ts');
  const target = identifyTarget(
    declareFacts({ distro: 'centos:9', release: `${VERSION}.x86_64`, arch: 'x86_64', unameV: null }),
  );
  if (target.family !== 'rpm') throw new Error('centos is of the rpm family');
  return planRpm(
    target,
    records,
    { installed: null, roles: { image: false, debuginfo: false, systemtap: 'none' } },
    null,
  );
}

const lab = once(() => {
  const made = openRpmLab();
  atEnd(() => made.close());
  return made;
});

/** An unsigned rpm whose %post, in rpm's own Lua, leaves a file behind. */
const scripted = once(() => {
  const built = lab().build({
    ...kernelBuild('1', '1'),
    source: 'evil-source',
    packages: [{ name: 'evil', post: EVIL }],
  });
  return built['evil'] ?? '';
});
const EVIL = "local f = io.open('/ran', 'w') f:write('as root') f:close()";

function ranIn(root: string, argv: readonly string[]): Outcome {
  const [rpm = '', ...args] = argv;
  execFileSync(rpm, ['--root', root, '--nodeps', ...args], { stdio: 'ignore' });
  if (!existsSync(join(root, 'usr/share/lab/evil'))) throw new Error('the package was not installed');
  return existsSync(join(root, 'ran')) ? succeeded('its %post ran as root') : held('--noscripts');
}

/** The parts of install.sh that choose and install, with an rpm that works in a root of its own. */
function byScript(tree: Tree, allowed: string): Outcome {
  const directory = tree.scratch();
  const root = join(directory, 'root');
  for (const made of ['packages', 'work', 'bin', 'root']) mkdirSync(join(directory, made));
  writeFileSync(join(directory, 'packages/evil.rpm'), readFileSync(scripted()));
  writeFileSync(join(directory, 'bin/rpm'), `#!/bin/sh\nexec /usr/bin/rpm --root ${root} "$@"\n`, { mode: 0o755 });
  writeFileSync(join(directory, 'bundle.txt'), 'package 0 systemtap evil 1-1 x86_64 10 packages/evil.rpm\n');
  const parts = join(tree.root, 'src/bundle/sh');
  const words = `program=install.sh; . ${parts}/start.sh; . ${parts}/common.sh; . ${parts}/packages.sh
PATH=$PWD/bin:$PATH family=rpm keyring= allow_upgrade= allow_unsigned=$1 work=$PWD/work not_running=
listed="\${newline}packages/evil.rpm$newline"
decide && run_packages`;
  let status = 0;
  try {
    execFileSync('/bin/sh', ['-c', words, 'sh', allowed], { cwd: directory, stdio: 'ignore' });
  } catch (error) {
    status = (error as { readonly status?: number }).status ?? -1;
  }
  if (status === 4) return held('exit 4');
  if (status !== 0)
    throw new Error(
      `exit ${status}: ${existsSync(join(directory, 'work/log')) ? readFileSync(join(directory, 'work/log'), 'utf8') : ''}`,
    );
  return existsSync(join(root, 'ran')) ? succeeded('its %post ran as root') : held('--noscripts');
}

export const attacks: readonly Attack[] = [...FILES, ...PLANS];
