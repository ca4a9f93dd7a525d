// Generates docs/series.md, the description of every series, from the schema.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { seriesDocument } from '../src/metrics/describe';

writeFileSync(path.join(__dirname, '..', 'docs', 'series.md'), seriesDocument());
