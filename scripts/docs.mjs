// Writes what the documentation says of the schema.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { seriesDocument } = createRequire(import.meta.url)('../dist/metrics/describe.js');
writeFileSync(new URL('../docs/series.md', import.meta.url), seriesDocument());
