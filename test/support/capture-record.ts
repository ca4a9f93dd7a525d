import type { CapturedConnection, CaptureSink, ConnectionSink, FirstEnd } from '../../src/capture/connection';
import { CaptureReader } from '../../src/capture/capture-reader';
import type { ConnectionOptions } from '../../src/capture/connection-table';

/** What a reader has found in a capture. */
export interface CaptureRecord {
  /** One line for each event, in order; the bytes in hex where they are few. */
  readonly lines: string[];
  readonly connections: RecordedConnection[];
}

/** A connection: what each side has sent, with zeros for what is missing. */
export interface RecordedConnection extends CapturedConnection {
  readonly streams: Record<'client' | 'server', Buffer[]>;
  /** Whether each of these pieces is missing. */
  readonly missing: Record<'client' | 'server', boolean[]>;
  closed: string;
  firstEnd: FirstEnd | null;
}

/** A sink that records everything. `wants` says which connections are wanted. */
export function recorder(
  wants: (connection: CapturedConnection) => boolean = () => true,
): CaptureRecord & CaptureSink {
  const lines: string[] = [];
  const connections: RecordedConnection[] = [];
  const opened = (connection: CapturedConnection, timeNs: bigint): ConnectionSink | null => {
    const { client, server, sawOpening } = connection;
    const number = connections.length;
    lines.push(
      `${timeNs} ${number} opened ${client.host} ${client.port} ${server.host} ${server.port} ${sawOpening}`,
    );
    if (!wants(connection)) return null;
    const record: RecordedConnection = {
      ...connection,
      streams: { client: [], server: [] },
      missing: { client: [], server: [] },
      closed: '',
      firstEnd: null,
    };
    connections.push(record);
    return {
      data: (from, bytes, at) => {
        const text = bytes.length > 40 ? `${bytes.length} bytes` : bytes.toString('latin1');
        lines.push(`${at} ${number} ${from} ${text}`);
        record.streams[from].push(Buffer.from(bytes));
        record.missing[from].push(false);
      },
      gap: (from, bytes, at) => {
        lines.push(`${at} ${number} ${from} lost ${bytes}`);
        record.streams[from].push(Buffer.alloc(Math.min(bytes, 10_000_000)));
        record.missing[from].push(true);
      },
      closed: (reason, at, firstEnd) => {
        lines.push(`${at} ${number} closed ${reason}`);
        record.closed = reason;
        record.firstEnd = firstEnd;
      },
    };
  };
  return { lines, connections, opened };
}

/** Has a capture read, all of it at once or in the given chunks, to its end. */
export function readCapture(
  chunks: Buffer | readonly Buffer[],
  options?: ConnectionOptions,
): CaptureRecord & { readonly reader: CaptureReader } {
  const record = recorder();
  const reader = new CaptureReader(record, options);
  for (const chunk of Buffer.isBuffer(chunks) ? [chunks] : chunks) reader.push(chunk);
  reader.end();
  return { ...record, reader };
}
