/** A facts file comes from a machine that may be in an attacker's hands. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declareFacts } from '../../src/detect/declared-facts.ts';
import { type Attack, once, refusalOf } from './attack.ts';

const SCHEMA = 'src/detect/facts-schema.ts';
const RELEASE = {
  file: SCHEMA,
  text: ".regex(/^[A-Za-z0-9][A-Za-z0-9._+~:@%=^-]{0,63}$/, 'not a kernel release')",
  replacement: '',
};
const BUILD_ID = { file: SCHEMA, text: '.regex(/^[0-9a-f]{16,64}$/) as', replacement: 'as' };

const honest = once(() =>
  JSON.stringify(declareFacts({ distro: 'debian:12', release: '6.1.0-1-amd64', arch: 'x86_64', unameV: null })),
);

type Kernel = Readonly<Record<string, unknown>>;

const LIES: readonly (readonly [string, Kernel, Attack['guard']])[] = [
  ['a kernel release that leads out of /lib/modules', { release: '../../../etc' }, [RELEASE]],
  ['a kernel release that is an option of the program that gets it', { release: '--root=/' }, [RELEASE]],
  ['a kernel release with a second line', { release: '6.1.0\nwarning: run this' }, [RELEASE]],
  ['a kernel release with words of a shell', { release: '6.1.0;reboot' }, [RELEASE]],
  ['a build-id that is a path', { release: '6.1.0-1-amd64', buildId: '../../../../etc/shadow' }, [BUILD_ID]],
];

export const attacks: readonly Attack[] = LIES.map(([name, kernel, guard]) => ({
  name,
  guard,
  attempt: async (tree) => {
    const { readFactsFile } = await tree.load<typeof import('../../src/detect/facts.ts')>('src/detect/facts.ts');
    const facts = JSON.parse(honest()) as { readonly kernel: Kernel };
    const path = join(tree.scratch(), 'facts.json');
    writeFileSync(path, JSON.stringify({ ...facts, kernel: { ...facts.kernel, ...kernel } }));
    return refusalOf(
      readFactsFile(path),
      (read) => `${read.kernel.release} ${read.kernel.buildId} is taken for the target's`,
    );
  },
}));
