import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { FailureError, messageOf } from '../../lib/errors';
import type { Hash } from '../../wire/hash';
import type { FullEngine, FullVerdict } from './engine';
import type { WorkerCall, WorkerMessage, WorkerResult, WorkerStart } from './worker-messages';

/**
 * How long `close` waits for a block that is being judged. After that the block is given up, and judged again
 * at the next start.
 */
const CLOSE_MS = 2_000;

/** A call without its id. */
type Call = WorkerCall extends infer Each ? (Each extends unknown ? Omit<Each, 'id'> : never) : never;

/**
 * Full validation in its own thread. Blocks and requests are copied there, so the caller keeps its buffers.
 */
export class WorkerEngine implements FullEngine {
  /** Settles with the reason when the thread can't judge any more. */
  readonly failed: Promise<FailureError>;
  readonly tip: Hash;
  readonly height: number;
  readonly openSsl: boolean;
  readonly invalid: readonly Hash[];
  private readonly calls = new Map<number, (result: WorkerResult) => void>();
  private readonly exited: Promise<void>;
  private lastId = 0;

  private constructor(
    private readonly worker: Worker,
    { tip, height, openSsl, invalid }: Pick<FullEngine, 'tip' | 'height' | 'openSsl' | 'invalid'>,
  ) {
    this.tip = tip;
    this.height = height;
    this.openSsl = openSsl;
    this.invalid = invalid;
    this.exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    this.failed = new Promise((resolve) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'failed') resolve(new FailureError(message.message));
        if (message.type !== 'answer') return;
        this.calls.get(message.id)?.(message.result);
        this.calls.delete(message.id);
      });
      worker.on('error', (error) => resolve(new FailureError(`full validation: ${messageOf(error)}`)));
    });
  }

  /**
   * Starts the thread and opens the chain.
   * @throws FailureError if the chain can't be opened
   */
  static async start(start: WorkerStart): Promise<WorkerEngine> {
    const worker = new Worker(path.join(__dirname, 'worker.js'), { workerData: start });
    const message = await new Promise<WorkerMessage>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (message.type === 'opened') {
      // The thread ends with the program, even if the program fails to start.
      worker.unref();
      return new WorkerEngine(worker, message.opened);
    }
    await worker.terminate();
    throw new FailureError(message.type === 'failed' ? message.message : 'full validation: no chain');
  }

  add(block: Buffer, runScripts: boolean): Promise<FullVerdict> {
    return this.call({ method: 'add', block: copy(block), runScripts }) as Promise<FullVerdict>;
  }

  async headers(from: number): Promise<Buffer> {
    return Buffer.from((await this.call({ method: 'headers', from })) as Uint8Array);
  }

  values(outpoints: Buffer): Promise<Float64Array> {
    return this.call({ method: 'values', outpoints: copy(outpoints) }) as Promise<Float64Array>;
  }

  /** Ends the thread. Calls without an answer never get one. */
  async close(): Promise<void> {
    this.worker.ref();
    void this.call({ method: 'close' });
    const timer = setTimeout(() => void this.worker.terminate(), CLOSE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  private call(call: Call): Promise<WorkerResult> {
    const id = ++this.lastId;
    const bytes = call.method === 'add' ? [call.block] : call.method === 'values' ? [call.outpoints] : [];
    this.worker.postMessage({ ...call, id }, bytes);
    return new Promise((resolve) => this.calls.set(id, resolve));
  }
}

/** Copies bytes into their own memory, which can be transferred to a thread. */
function copy(bytes: Buffer): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes.length);
  bytes.copy(Buffer.from(buffer));
  return buffer;
}
