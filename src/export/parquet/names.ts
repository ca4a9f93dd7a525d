/**
 * Name of a file with the points of an hour: `2026-11-24T13.parquet` for the first one,
 * `2026-11-24T13-2.parquet` for points that came later, and so on. `hour` counts from the Unix epoch (UTC);
 * `taken` are the names in the folder.
 */
export function fileName(hour: number, taken: ReadonlySet<string>): string {
  const start = new Date(hour * 3_600_000).toISOString().slice(0, 13);
  for (let nth = 1; ; nth++) {
    const name = `${start}${nth === 1 ? '' : `-${nth}`}.parquet`;
    if (!taken.has(name)) return name;
  }
}
