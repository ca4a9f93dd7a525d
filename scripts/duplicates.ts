// Reports every pair of places in the code that have 20 or more equal lines in common. Blank lines, imports
// and comments do not count. Exits with status 1 if there is such a pair.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const LINES = 20;

/** A line of code, and its number in the file. */
interface CodeLine {
  readonly number: number;
  readonly code: string;
}

/** The lines of a file without blank lines, imports and comments. */
function codeOf(file: string): readonly CodeLine[] {
  const blank = (text: string): string => text.replace(/[^\n]/g, '');
  const text = readFileSync(file, 'utf8')
    .replace(/\/\*[^]*?\*\//g, blank)
    .replace(/^import [^;]*;/gm, blank);
  return text
    .split('\n')
    .map((line, i) => ({ number: i + 1, code: line.replace(/^\s*\/\/.*/, '').trim() }))
    .filter(({ code }) => code !== '');
}

const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

/** Where each run of lines was found first, by its text. */
const seen = new Map<string, string>();
let found = 0;
for (const file of files) {
  const lines = codeOf(file);
  for (let i = 0; i + LINES <= lines.length; i++) {
    const run = lines.slice(i, i + LINES);
    const text = run.map(({ code }) => code).join('\n');
    const place = `${file}:${run[0]?.number ?? 0}`;
    const first = seen.get(text);
    if (first === undefined) {
      seen.set(text, place);
      continue;
    }
    found++;
    console.error(`${place}: ${LINES} lines are equal to those at ${first}`);
    i += LINES;
  }
}
process.exitCode = found === 0 ? 0 : 1;
