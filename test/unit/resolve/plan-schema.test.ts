import { describe, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { checkPlan } from '../../../src/resolve/plan-schema.ts';
import type { FolderItem, Plan, PlanItem, Sha256 } from '../../../src/types.ts';
import { debTarget } from '../../helpers/deb-records.ts';

const HEX = 'a'.repeat(64);
const PACKAGE = {
  kind: 'package',
  role: 'dependency',
  name: 'libdw1',
  version: '0.188-2',
  arch: 'amd64',
  fileName: 'libdw1_0.188-2_amd64.deb',
  urls: ['http://mirror.example/libdw1_0.188-2_amd64.deb'],
  sizeBytes: 1,
  installedBytes: 2,
  trust: {
    kind: 'signed-index',
    digest: { algorithm: 'sha256', hex: HEX },
    signer: 'A'.repeat(40),
    index: 'http://mirror.example/InRelease',
  },
  match: 'dependency',
  repository: 'main',
  install: false,
  replaces: null,
} as unknown as PlanItem;
const FOLDER = {
  kind: 'folder',
  role: 'systemtap',
  name: 'systemtap-5.1',
  version: '5.1-5',
  upstream: '5.1',
  arch: 'x86_64',
  distro: 'debian',
  suite: 'trixie',
  place: '/opt/tapprep/systemtap-5.1',
  packages: [PACKAGE],
  starter: HEX,
  sizeBytes: 1,
  installedBytes: 2,
  repository: 'main',
  install: true,
} as unknown as FolderItem;
const PLAN: Plan = {
  schema: 'tapprep-plan/1',
  target: debTarget(),
  items: [PACKAGE, FOLDER],
  present: [],
  downloadBytes: 2,
  installedBytes: 4,
  notes: [],
};

function codeOf(value: unknown): string {
  try {
    checkPlan(JSON.stringify(value), 'lock');
    return 'accepted';
  } catch (error) {
    return isTapprepError(error) ? error.code : 'another error';
  }
}

/** Every way to alter one field of a value, at any depth: taken away, or of another type. */
function* alterEach(value: unknown): Generator {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const copy = (change: (object: Record<string, unknown>) => void): unknown => {
      const made = structuredClone(value) as Record<string, unknown>;
      change(made);
      return made;
    };
    if (!Array.isArray(value)) yield copy((made) => delete made[key]);
    yield copy((made) => (made[key] = typeof inner === 'object' ? 7 : { other: true }));
    for (const altered of alterEach(inner)) yield copy((made) => (made[key] = altered));
  }
}

test('a plan with a folder is read back as it was written', () => {
  expect(checkPlan(JSON.stringify(PLAN), 'lock')).toEqual(PLAN);
});

const MENDED: Plan = {
  ...PLAN,
  mends: [{ name: '4.8-2 of the distribution mended by x', by: [{ id: 'x', sha256: HEX as Sha256 }] }],
};

test('what is mended on the target is read back as it was written, and altered in any way it is refused', () => {
  expect(checkPlan(JSON.stringify(MENDED), 'lock')).toEqual(MENDED);
  const accepted = [...alterEach(MENDED)].filter((altered) => codeOf(altered) === 'accepted');
  // Without any, it is a plan that mends nothing.
  expect(accepted).toContainEqual(PLAN);
  expect(accepted.filter((altered) => JSON.stringify(altered).includes('"mends"'))).toHaveLength(2);
});

test('a plan from before kinds is read as packages, and what is only unpacked as an image', () => {
  const { kind: _, ...old } = PACKAGE;
  const image = { ...old, role: 'image' };
  const { items } = checkPlan(JSON.stringify({ ...PLAN, items: [old, image] }), 'lock');
  expect(items.map(({ kind }) => kind)).toEqual(['package', 'image']);
});

test('a lock with any field missing or of another type is refused', () => {
  const accepted = [...alterEach(PLAN)].filter((altered) => codeOf(altered) === 'accepted');
  // Without its kind an item is one of before kinds.
  const { kind: _, ...old } = PACKAGE;
  expect(accepted).toEqual([
    { ...PLAN, items: [old, FOLDER] },
    { ...PLAN, items: [PACKAGE, { ...FOLDER, packages: [old] }] },
  ]);
  expect([...alterEach(PLAN)].length).toBeGreaterThan(80);
});

describe('a lock is refused', () => {
  test.each([
    ['of a future version', { ...PLAN, schema: 'tapprep-plan/2' }],
    ['with an item of an unknown kind', { ...PLAN, items: [{ ...PACKAGE, kind: 'kernel' }] }],
    ['whose folder lies elsewhere', { ...PLAN, items: [{ ...FOLDER, place: '/usr/lib/systemtap-5.1' }] }],
    ['whose folder climbs', { ...PLAN, items: [{ ...FOLDER, place: '/opt/tapprep/../systemtap-5.1' }] }],
    ['whose folder is named as another', { ...PLAN, items: [{ ...FOLDER, name: 'systemtap-5.2' }] }],
    [
      'whose folder would have a package installed',
      { ...PLAN, items: [{ ...FOLDER, packages: [{ ...PACKAGE, install: true }] }] },
    ],
  ])('%s', (_, value) => {
    expect(codeOf(value)).toBe('BAD_LOCK');
  });
});

test.each(['.', '..', 'a/b'])('a file of a plan is called %j', (fileName) => {
  expect(codeOf({ ...PLAN, items: [{ ...PACKAGE, fileName }] })).toBe('BAD_LOCK');
});
