// Writes mirrors.schema.json from the schema in src/mirrors/schema.ts; a test keeps the two the same.
import { writeFileSync } from 'node:fs';
import { mirrorJsonSchema } from '../src/mirrors/schema.ts';

writeFileSync('mirrors.schema.json', `${JSON.stringify(mirrorJsonSchema(), null, 2)}\n`);
