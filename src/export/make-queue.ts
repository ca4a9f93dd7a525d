import type { Clock } from '../lib/clock';
import type { Point } from '../metrics/point';
import type { Warn } from './drops';
import type { Exporter } from './exporter';
import type { LineBatch, LineExporter } from './line-exporter';
import { MemoryBuffer } from './memory-buffer';
import { ExportQueue } from './queue';
import { type QueueOptions, queueSettings } from './queue-options';
import { SpoolBuffer } from './spool-buffer';
import type { Spool } from './spool/spool';

interface Modules {
  readonly clock: Clock;
  readonly warn: Warn;
  /** Called once when the destination is gone for good. */
  readonly onEnded?: (() => void) | undefined;
}

/** A queue whose points wait in memory. */
export function memoryQueue(
  options: QueueOptions,
  { exporter, ...modules }: Modules & { readonly exporter: Exporter },
): ExportQueue<readonly Point[]> {
  const settings = queueSettings(options);
  return new ExportQueue(options.name ?? exporter.name, settings, {
    ...modules,
    exit: {
      write: (points) => exporter.write(points),
      size: (points) => points.length,
      damaged: () => exporter.damaged,
      close: () => exporter.close(),
    },
    buffer: (owner) => new MemoryBuffer(settings, owner),
  });
}

/** A queue whose points wait on disk until the receiver has them. */
export function spoolQueue(
  options: QueueOptions,
  { exporter, spool, ...modules }: Modules & { readonly exporter: LineExporter; readonly spool: Spool },
): ExportQueue<LineBatch> {
  const settings = queueSettings(options);
  const { clock } = modules;
  return new ExportQueue(options.name ?? exporter.name, settings, {
    ...modules,
    exit: {
      write: (batch) => exporter.writeLines(batch),
      size: ({ points }) => points,
      close: () => exporter.close(),
    },
    buffer: (owner, warn) => new SpoolBuffer(settings, { spool, clock, warn }, owner),
  });
}
