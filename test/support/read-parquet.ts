import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/**
 * `FILE`: prints the rows of a Parquet file, a JSON array a line, as hyparquet reads them; bigints are
 * strings. The package is one of ES modules, which jest does not load.
 */
async function main(path: string): Promise<void> {
  const file = await asyncBufferFromFile(path);
  const parsers = { timestampFromNanoseconds: (nanoseconds: bigint) => nanoseconds };
  for (const row of await parquetReadObjects({ file, compressors, parsers }))
    process.stdout.write(
      `${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`,
    );
}

void main(process.argv[2] ?? '');
