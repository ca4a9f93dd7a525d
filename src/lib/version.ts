import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Version of this package, as package.json beside the folder of the code has it. */
export const VERSION = (
  JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }
).version;
