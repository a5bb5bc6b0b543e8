// tsc emits TypeScript only; the shell scripts that ship beside it are copied to the same places under dist/.
import { cpSync, globSync } from 'node:fs';

for (const file of globSync('src/**/*.sh')) cpSync(file, file.replace(/^src/, 'dist'));
