/** Signatures over a bundle's list of digests that must not count, against tapprep and against the scripts of the bundle. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { armorSignature } from '../../src/bundle/signature-armor.ts';
import { runLocally } from '../helpers/run.ts';
import type { TestKey } from '../helpers/gpg.ts';
import { type Attack, type GuardEdit, held, once, refusalOf, succeeded } from './attack.ts';
import { detach, dsa, ed25519, expired, IN_2014, owner, makeRevoked, short, stranger } from './keys.ts';

const SUMS = `${'a'.repeat(64)}  manifest.json\n`;
const VERDICT = 'src/trust/signature-verdict.ts';
const STATUS = 'src/trust/signature-status.ts';
const COMMON = 'src/bundle/sh/common.sh';

const off = (file: string, text: string, replacement = ''): GuardEdit => ({ file, text, replacement });

interface Forgery {
  readonly name: string;
  readonly make: () => { readonly signature: Buffer; readonly ring: readonly TestKey[] };
  readonly tapprep: readonly GuardEdit[];
  readonly script: readonly GuardEdit[];
}

const ANY_VERDICT = [
  off(VERDICT, "if (verdict.outcome === 'good') return;", 'return;'),
  off('src/bundle/sign.ts', 'if (signer === null) throw', 'if (signer === undefined) throw'),
];
const ANY_WORDS = [off(COMMON, '[ -n "$accepted" ] || fail BAD_SIGNATURE', 'true || fail BAD_SIGNATURE')];

const FORGERIES: readonly Forgery[] = [
  {
    name: 'by a revoked key',
    make: () => {
      const { key, signed } = makeRevoked('revoked for bundles', (each) => detach(SUMS, each));
      return { signature: signed, ring: [key] };
    },
    tapprep: [off(STATUS, "REVKEYSIG: 'revoked-key'", "REVKEYSIG: 'good'")],
    script: [off(COMMON, 'REVKEYSIG) good= &&', 'REVKEYSIG) good=yes &&')],
  },
  {
    name: 'by an expired key',
    make: () => ({ signature: detach(SUMS, expired(), IN_2014), ring: [expired()] }),
    tapprep: [off(STATUS, "EXPKEYSIG: 'expired-key'", "EXPKEYSIG: 'good'")],
    script: [off(COMMON, 'EXPKEYSIG) good= &&', 'EXPKEYSIG) good=yes &&')],
  },
  {
    name: 'that has expired itself',
    make: () => ({
      signature: detach(SUMS, owner(), [
        '--faked-system-time',
        `${Math.floor(Date.now() / 1000) - 86_400 * 2}`,
        '--ignore-time-conflict',
        '--ignore-valid-from',
        '--default-sig-expire',
        '1d',
      ]),
      ring: [owner()],
    }),
    tapprep: [off(STATUS, "EXPSIG: 'expired-signature'", "EXPSIG: 'good'")],
    script: [off(COMMON, 'EXPSIG) good= &&', 'EXPSIG) good=yes &&')],
  },
  {
    name: 'over a SHA-1 digest',
    make: () => ({ signature: detach(SUMS, owner(), ['--digest-algo', 'SHA1']), ring: [owner()] }),
    tapprep: [off(VERDICT, 'if (hash !== undefined) found.push(hash);')],
    script: [off(COMMON, '8 | 9 | 10 | 11) ;;', '2 | 8 | 9 | 10 | 11) ;;')],
  },
  {
    name: 'by an RSA key of 1024 bits',
    make: () => ({ signature: detach(SUMS, short()), ring: [short()] }),
    tapprep: [off(VERDICT, "if (status.fingerprint !== null && isShortRsa(status, keyring)) found.push('short-rsa');")],
    script: [off(COMMON, '[ "$shortest" -lt 2048 ] || return 0', 'return 0')],
  },
  {
    name: 'by a DSA key',
    make: () => ({ signature: detach(SUMS, dsa()), ring: [dsa()] }),
    tapprep: [off(VERDICT, "if (status.publicKeyAlgorithm === DSA) found.push('dsa');")],
    script: [off(COMMON, '19 | 22 | 27 | 28) accepted=yes', '17 | 19 | 22 | 27 | 28) accepted=yes')],
  },
  {
    name: 'by a key that is not in the keyring',
    make: () => ({ signature: detach(SUMS, stranger()), ring: [owner()] }),
    tapprep: ANY_VERDICT,
    script: ANY_WORDS,
  },
  {
    name: 'over other bytes',
    make: () => ({ signature: detach('other bytes', owner()), ring: [owner()] }),
    tapprep: ANY_VERDICT,
    script: ANY_WORDS,
  },
  {
    name: 'that fits, beside one that does not',
    make: () => ({
      signature: Buffer.concat([detach(SUMS, owner()), detach('other bytes', ed25519())]),
      ring: [owner(), ed25519()],
    }),
    tapprep: [off(VERDICT, 'if (misfit !== undefined) return judge(misfit, policy);')],
    script: [off(COMMON, '      BADSIG)\n', '      BADSIG-IS-NOT-LOOKED-AT)\n')],
  },
];

/** Every forgery is made once: a key that was revoked signs no more. */
const forged = new Map(FORGERIES.map(({ name, make }) => [name, once(make)]));

function prepare(directory: string, name: string): { readonly keyring: string; readonly armored: string } {
  const made = forged.get(name)?.() ?? { signature: Buffer.alloc(0), ring: [] };
  const keyring = join(directory, 'keyring.gpg');
  writeFileSync(keyring, Buffer.concat(made.ring.map((key) => readFileSync(key.keyring))));
  return { keyring, armored: armorSignature(made.signature) };
}

const taken: readonly Attack[] = FORGERIES.flatMap(({ name, tapprep, script }): readonly Attack[] => [
  {
    name: `install --bundle-keyring takes a signature ${name}`,
    guard: tapprep,
    attempt: async (tree) => {
      const { keyring, armored } = prepare(tree.scratch(), name);
      const { verifyBundleSignature } =
        await tree.load<typeof import('../../src/bundle/sign.ts')>('src/bundle/sign.ts');
      const bundle = { sums: SUMS, signature: armored };
      return refusalOf(
        verifyBundleSignature(bundle, keyring, 'a bundle', runLocally),
        () => 'the bundle counts as signed',
      );
    },
  },
  {
    name: `install.sh --keyring takes a signature ${name}`,
    guard: script,
    attempt: (tree) => {
      const directory = tree.scratch();
      const { keyring, armored } = prepare(directory, name);
      writeFileSync(join(directory, 'SHA256SUMS'), SUMS);
      writeFileSync(join(directory, 'SHA256SUMS.asc'), armored);
      const parts = join(tree.root, 'src/bundle/sh');
      const words = `program=install.sh; . ${parts}/start.sh; . ${parts}/common.sh; check_signature "$1"`;
      const { status, stderr } = spawnSync('/bin/sh', ['-c', words, 'sh', keyring], {
        cwd: directory,
        encoding: 'utf8',
      });
      if (status === 0) return Promise.resolve(succeeded('the bundle counts as signed'));
      if (status !== 4) throw new Error(`exit ${status}: ${stderr}`);
      return Promise.resolve(held('exit 4'));
    },
  },
]);

const READER = 'src/trust/keyring.ts';

/** Mirror lists, locks and the source files of a root name keyrings by path. */
const READ: readonly Attack[] = [
  {
    name: 'a keyring that is a pipe, into which somebody writes when and as long as he likes',
    guard: [off(READER, 'if (!info.isFile()) return null;')],
    attempt: async (tree) => {
      const { loadKeyrings } = await tree.load<typeof import('../../src/trust/keyring.ts')>(READER);
      const pipe = join(tree.scratch(), 'keyring.gpg');
      execFileSync('mkfifo', [pipe]);
      const writer = spawn('sh', ['-c', 'exec cat "$1" >"$2"', 'sh', owner().keyring, pipe], { stdio: 'ignore' });
      try {
        const { keys, missing } = await loadKeyrings([pipe]);
        return keys.size > 0 ? succeeded('his keys') : held(`passed over: ${missing.length}`);
      } finally {
        // It may have ended by itself.
        writer.kill('SIGKILL');
      }
    },
  },
  {
    name: 'five hundred keyrings of sixteen megabytes',
    guard: [off(READER, 'left -= bytes?.length ?? 0;')],
    attempt: async (tree) => {
      const { loadKeyrings } = await tree.load<typeof import('../../src/trust/keyring.ts')>(READER);
      const path = join(tree.scratch(), 'keyring.gpg');
      copyFileSync(owner().keyring, path);
      truncateSync(path, 9_000_000);
      return refusalOf(loadKeyrings([path, path]), ({ packets }) => `${packets.length} bytes are kept`);
    },
  },
];

export const attacks: readonly Attack[] = [...taken, ...READ];
