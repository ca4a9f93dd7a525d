import path from 'node:path';
import { bitnodesJson } from '../crawl/bitnodes';
import { CrawlFolder } from '../crawl/crawl-folder';
import { differencesOf } from '../crawl/diff';
import { readSnapshot, type Snapshot } from '../crawl/snapshot';
import { asnBy } from '../crawl/summary';
import { FailureError, UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import type { ListFormat } from '../query/format';
import { writeAll } from '../query/query-command';
import { inOneBatch } from '../query/result';
import type { NetworkName } from '../wire/networks';
import { asMapOf } from './as-map';
import type { ShowAction } from './crawl-options';
import { columnsOf, writeListing } from './listing';

export interface ShowOptions {
  readonly network: NetworkName;
  readonly dataDir: string;
  readonly format: ListFormat;
  /** File of a map of autonomous systems, for `export`. */
  readonly asmap: string | undefined;
}

/** Shows snapshots: lists them, compares two, or writes one as JSON. */
export async function showSnapshots(
  action: ShowAction,
  names: readonly string[],
  options: ShowOptions,
): Promise<void> {
  const folder = new CrawlFolder(options.dataDir, options.network);
  switch (action) {
    case 'list':
      if (names[0] !== undefined) throw new UsageError(`crawl list ${names[0]}: takes no name; leave it out`);
      await list(folder, options.format);
      return;
    case 'diff':
      await compare(await chosen(folder, names, 2), options.format);
      return;
    case 'export': {
      if (names[1] !== undefined)
        throw new UsageError(`crawl export ${names.join(' ')}: takes one name; leave ${names[1]} out`);
      const [snapshot] = await chosen(folder, names, 1);
      const asMap = await asMapOf(options.asmap);
      if (snapshot !== undefined)
        await writeAll(process.stdout, inOneBatch(bitnodesJson(snapshot, asnBy(asMap))));
    }
  }
}

/** The snapshots of these names or files; the newest ones where names are left out. */
async function chosen(
  folder: CrawlFolder,
  names: readonly string[],
  wanted: number,
): Promise<readonly Snapshot[]> {
  const known = await folder.names();
  const newest = known.slice(-wanted);
  const meant = names.length === 0 ? newest : names;
  if (names.length > 0 && names.length < wanted)
    throw new UsageError(`crawl diff ${names.join(' ')}: compares two; give the name of another snapshot`);
  if (meant.length < wanted)
    throw new FailureError(
      `crawl: ${folder.folder} has ${known.length === 0 ? 'no snapshot' : 'one snapshot alone'}; btcdmon-node crawl makes one`,
    );
  return Promise.all(meant.map((name) => readSnapshot(fileOf(folder, name, known), warn)));
}

/** The file of a snapshot that the user names. */
function fileOf(folder: CrawlFolder, name: string, known: readonly string[]): string {
  if (known.includes(name)) return folder.fileOf(name);
  const file = expandHome(name);
  if (file.includes(path.sep) || file.endsWith('.crawl')) return file;
  const such = known.length === 0 ? 'there is none' : `there are ${known.slice(-3).join(', ')}`;
  throw new UsageError(`crawl: no snapshot is named ${JSON.stringify(name)}; ${such}, or give a file`);
}

async function list(folder: CrawlFolder, format: ListFormat): Promise<void> {
  const names = await folder.names();
  const rows: (string | number)[][] = [];
  for (const name of names) {
    const { counts, endedMs, nodes, startedMs } = await readSnapshot(folder.fileOf(name), warn);
    rows.push([name, nodes.length, counts.known, counts.tried, Math.round((endedMs - startedMs) / 1_000)]);
  }
  const columns = columnsOf(['name', 'reachable', 'known', 'tried', 'seconds'], {
    ...{ reachable: 'int', known: 'int', tried: 'int', seconds: 'int' },
  });
  await writeListing({ columns, rows }, format, () => {
    if (rows.length === 0) return `${folder.folder} has no snapshot; btcdmon-node crawl makes one\n`;
    const lines = rows.map(
      ([name = '', reachable = 0, known = 0, tried = 0, seconds = 0]) =>
        `${name}  ${reachable} nodes, ${tried} of ${known} addresses tried in ${seconds} s\n`,
    );
    return lines.join('');
  });
}

async function compare(snapshots: readonly Snapshot[], format: ListFormat): Promise<void> {
  const [earlier, later] = snapshots;
  if (earlier === undefined || later === undefined) return;
  if (earlier.network !== later.network)
    throw new UsageError(`crawl diff: one snapshot is of ${earlier.network}, the other of ${later.network}`);
  const differences = differencesOf(earlier, later);
  const rows = differences.map(({ change, address, before, after }) => [change, address, before, after]);
  const width = Math.max(0, ...differences.map(({ address }) => address.length));
  await writeListing({ columns: columnsOf(['change', 'address', 'before', 'after']), rows }, format, () =>
    differences
      .map(({ change, address, before, after }) => {
        const values = [before, after].filter((value) => value !== null).join(' -> ');
        return `${change.padEnd(10)}  ${address.padEnd(width)}  ${values}\n`;
      })
      .join(''),
  );
}

function warn(message: string): void {
  process.stderr.write(`btcdmon-node: ${message}\n`);
}
