import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../lib/clock';
import { UsageError } from '../lib/errors';
import type { LineExporter } from './line-exporter';
import { memoryQueue, spoolQueue } from './make-queue';
import type { PointQueue } from './point-queue';
import { type AnyExporter, createExporter, withoutCredentials } from './registry';
import type { StoreProcess } from '../store/process/store-process';
import type * as Spools from './spool/spool';

/** The spools: points wait there on disk for receivers that are away. */
export interface SpoolSettings {
  /** Holds a folder for each destination. */
  readonly directory: string;
  /** Limit of each destination's spool. */
  readonly maxBytes: number;
}

/** Parts of the program that exports use. */
export interface ExportsModules {
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly spools: SpoolSettings;
  /** Called when an exporter's destination is gone for good. */
  readonly onEnded: () => void;
}

/** Open exports. */
export interface OpenExports {
  /** The queue in front of each exporter, in the order of their URLs. */
  readonly queues: readonly PointQueue[];
  /** The embedded stores among them, which also answer queries. */
  readonly stores: readonly StoreProcess[];
}

/**
 * Makes and opens the exporter of each URL and puts a queue in front of it; the queue of a line exporter has
 * a spool. If one can't be opened, the others are closed again. Further exporters of one kind are named #2,
 * #3.
 * @throws UsageError or FailureError of the first that fails
 */
export async function openExports(urls: readonly string[], modules: ExportsModules): Promise<OpenExports> {
  const exporters = urls.map((url) => createExporter(url, modules));
  await refuseSame(urls, exporters);
  const open: { close(): Promise<void> }[] = [];
  const spools = new Map<AnyExporter, Spools.Spool>();
  try {
    for (const exporter of exporters) {
      await exporter.open();
      open.push(exporter);
      if (!isLineExporter(exporter)) continue;
      const { directory, maxBytes } = modules.spools;
      const { warn } = modules;
      // Loaded only where there is a receiver of lines.
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const { Spool } = require('./spool/spool') as typeof Spools;
      const spool = await Spool.open(path.join(directory, folderOf(exporter)), { maxBytes, warn });
      open.push(spool);
      spools.set(exporter, spool);
    }
  } catch (error) {
    await Promise.allSettled(open.map((part) => part.close()));
    throw error;
  }
  const queues = exporters.map((exporter, i) => {
    const nth = exporters.slice(0, i + 1).filter(({ name }) => name === exporter.name).length;
    const name = nth === 1 ? exporter.name : `${exporter.name}#${nth}`;
    if (!isLineExporter(exporter)) return memoryQueue({ name }, { ...modules, exporter });
    const spool = spools.get(exporter);
    if (spool === undefined) throw new Error(`${name} has no spool`);
    if (spool.points > 0) modules.warn(`${name}: ${spool.points} points of an earlier run wait on disk`);
    return spoolQueue({ name }, { ...modules, exporter, spool });
  });
  const stores = exporters.flatMap((exporter) => ('store' in exporter ? [exporter.store] : []));
  return { queues, stores };
}

/**
 * Refuses two exports to one destination before any is opened: a file can be opened only once, and a receiver
 * would get each point twice.
 * @throws UsageError
 */
async function refuseSame(urls: readonly string[], exporters: readonly AnyExporter[]): Promise<void> {
  const destinations = new Map<string, string>();
  for (const [index, exporter] of exporters.entries()) {
    const destination = await destinationOf(exporter);
    if (destination === null) continue;
    const shown = withoutCredentials(urls[index] ?? '');
    const before = destinations.get(destination);
    if (before === shown) throw new UsageError(`--export ${shown}: is given twice; give it once`);
    if (before !== undefined)
      throw new UsageError(
        `--export ${shown}: is the same destination as --export ${before}; give one of them`,
      );
    destinations.set(destination, shown);
  }
}

/** Identifies the destination of an exporter; null where several exporters to one destination do no harm. */
async function destinationOf(exporter: AnyExporter): Promise<string | null> {
  if (isLineExporter(exporter)) return `${exporter.name} ${exporter.destination}`;
  const { file } = exporter;
  if (file === undefined) return null;
  // A link to a file is the same file. A file that does not exist yet is identified by its folder.
  const found = await stat(file, { bigint: true }).catch(() => null);
  if (found !== null) return `${found.dev}:${found.ino}`;
  const folder = await realpath(path.dirname(file)).catch(() => path.dirname(file));
  return path.join(folder, path.basename(file));
}

/** Whether it is an exporter of lines, with a spool. */
export function isLineExporter(exporter: AnyExporter): exporter is LineExporter {
  return 'writeLines' in exporter;
}

/** Name of a destination's folder: readable, and unique whatever characters the destination has. */
function folderOf({ name, destination }: LineExporter): string {
  const readable = `${name}-${destination}`.replace(/[^A-Za-z0-9.+]+/g, '-').slice(0, 80);
  return `${readable}-${createHash('sha256').update(`${name} ${destination}`).digest('hex').slice(0, 8)}`;
}
