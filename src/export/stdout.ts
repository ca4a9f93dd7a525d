import type { Writable } from 'node:stream';
import { diskProblem } from '../lib/disk-errors';
import type { Point } from '../metrics/point';
import { type WriteResult, unconfirmed } from '../metrics/write-result';
import { type Exporter, ExporterEnded } from './exporter';
import { LineSerializer, MAX_LINE_BYTES } from './line';

/**
 * Line protocol on the standard output, one line a point, for pipes and files. A slow reader makes `write`
 * wait. Nothing else may write to that stream.
 */
export class StdoutExporter implements Exporter {
  readonly name = 'stdout';
  private readonly serializer = new LineSerializer({ maxBytes: MAX_LINE_BYTES });

  constructor(private readonly modules: { readonly output: Writable }) {}

  open(): Promise<void> {
    // Without a listener an error would end the process. The callback of the write handles it.
    this.modules.output.on('error', ignore);
    return Promise.resolve();
  }

  /** @throws ExporterEnded where the reader is gone (`| head`) or the stream failed in another way */
  async write(points: readonly Point[]): Promise<WriteResult> {
    const { lines, taken, rejection } = this.serializer.serializeAll(points);
    if (lines !== '') await this.print(lines);
    return unconfirmed(taken, rejection);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private print(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.modules.output.write(text, (error) => {
        if (error == null) resolve();
        else reject(new ExporterEnded(explain(error)));
      });
    });
  }
}

function explain(error: Error): string {
  const gone = 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');
  return gone ? 'the reader has gone' : `can't be written: ${diskProblem(error)}`;
}

function ignore(): void {
  // The callback of the write handles the error.
}
