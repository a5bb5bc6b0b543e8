// Makes dist/: the program as a few files that are loaded as they are needed, because hundreds of small modules take
// longer and more memory than most commands do.
import { cpSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { findKeyFaults } from './check-keys.ts';
import { readBuildFacts, writeManual } from './make-man.ts';
import { writeSchemas } from './make-schemas.ts';

/**
 * An import of node:http from an ES module makes Node fill in every export, and with them load a WebSocket client that
 * nobody uses: 9 MB and 25 ms. require() does not.
 */
const requireHttp = {
  name: 'require-http',
  setup(builder) {
    builder.onResolve({ filter: /^(?:node:)?https?$/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path: path.replace(/^node:/, ''), namespace: 'http' },
    );
    builder.onLoad({ filter: /./, namespace: 'http' }, ({ path }) => ({
      contents: `module.exports = require('node:${path}');`,
    }));
  },
};

const faults = findKeyFaults('.');
if (faults.length > 0) throw new Error(`keys/ and mirrors.json do not fit each other:\n  ${faults.join('\n  ')}`);

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/cli/main.ts', 'src/fetch/digest-worker.ts'],
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'parts/[name]-[hash]',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  plugins: [requireHttp],
  // Names stay as they are, for stack traces.
  minifyWhitespace: true,
  // For `npm run coverage` only: what runs needs none.
  sourcemap: process.argv.includes('--source-maps'),
  banner: { js: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);" },
  logLevel: 'warning',
});
for (const file of globSync('src/**/*.{sh,bash,zsh,fish}')) cpSync(file, file.replace(/^src/, 'dist'));
const facts = readBuildFacts('.', process.env);
writeFileSync('dist/build.json', `${JSON.stringify(facts)}\n`);
writeManual('dist', facts);
writeSchemas('schemas');
