// Prints the rows of a Parquet file, a JSON array a line, as hyparquet reads them; bigints are strings. It is
// of ES modules alone, which jest does not load.
import { parquetReadObjects, asyncBufferFromFile } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const file = await asyncBufferFromFile(process.argv[2]);
const parsers = { timestampFromNanoseconds: (nanoseconds) => nanoseconds };
for (const row of await parquetReadObjects({ file, compressors, parsers }))
  process.stdout.write(
    `${JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`,
  );
