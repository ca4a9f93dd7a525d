import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Version of this package, from the package.json beside the folder of the code. */
export const VERSION = (
  JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }
).version;
