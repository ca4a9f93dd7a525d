import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The rows of one of the files of vectors of BIP324, by the names of the columns. */
export function readVectors(folder: string, name: string): Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = readFileSync(path.join(folder, `${name}_test_vectors.csv`), 'utf8')
    .trim()
    .split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const fields = line.split(',');
    return Object.fromEntries(names.map((column, i) => [column, fields[i] ?? '']));
  });
}

/** The bytes of a field. */
export function bytesOf(row: Readonly<Record<string, string>>, column: string): Buffer {
  return Buffer.from(row[column] ?? '', 'hex');
}
