// Names every pair of places in the project's code where 20 lines or more are the same. Blank lines, imports
// and comments count for nothing. Ends with status 1 where there is one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const LINES = 20;

const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

/** The lines of a file that count, each with its number. */
function codeOf(file) {
  const text = readFileSync(file, 'utf8')
    .replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/^import [^;]*;/gm, (statement) => statement.replace(/[^\n]/g, ''));
  return text
    .split('\n')
    .map((line, i) => ({ number: i + 1, code: line.replace(/^\s*\/\/.*/, '').trim() }))
    .filter(({ code }) => code !== '');
}

/** Where each run of so many lines was seen first: its text, and the place. */
const seen = new Map();
let found = 0;
for (const file of files) {
  const lines = codeOf(file);
  for (let i = 0; i + LINES <= lines.length; i++) {
    const text = lines
      .slice(i, i + LINES)
      .map(({ code }) => code)
      .join('\n');
    const first = seen.get(text);
    if (first === undefined) {
      seen.set(text, `${file}:${lines[i].number}`);
      continue;
    }
    found++;
    console.error(`${file}:${lines[i].number}: ${LINES} lines that stand in ${first}, too`);
    i += LINES;
  }
}
process.exitCode = found === 0 ? 0 : 1;
