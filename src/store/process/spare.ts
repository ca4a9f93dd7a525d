import { once } from 'node:events';
import { waitAtMost } from '../../lib/wait-at-most';
import { memoryLimit } from './limits';
import { type StartedProcess, startProcess } from './start';

/** Milliseconds for which a spare process is kept after the last statement. */
const KEEP_MS = 60_000;

/** The most milliseconds that a statement waits for a spare process, which loads its code in 0.4 s. */
const LOAD_MS = 2_000;

/** A spare process, and a promise that resolves once it has loaded its code or has ended. */
interface Spare {
  readonly process: StartedProcess;
  readonly loaded: Promise<void>;
}

/**
 * A process that has loaded its code and has not opened a store. It is kept ready while statements run,
 * because a statement may end the process that has the store open. The start of Node.js and DuckDB is two
 * thirds of the time until the next process answers. A spare process takes memory, so it is ended after a
 * while without statements.
 */
export class SpareProcess {
  private spare: Spare | null = null;
  private timer: NodeJS.Timeout | undefined;
  /** Whether a spare process was needed since the first statement. */
  private wasNeeded = false;

  constructor(private readonly program: string) {}

  get pid(): number | undefined {
    return this.spare?.process.child.pid;
  }

  /**
   * Starts a spare process if there is none, and keeps it for a while. Resolves when a statement may run.
   * That is at once, unless an earlier statement needed the spare process: then the next one must load its
   * code first. Else a panel would have to wait for it if this statement ends the process again.
   */
  async keep(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), KEEP_MS).unref();
    const { loaded } = (this.spare ??= this.start());
    if (this.wasNeeded) await waitAtMost(LOAD_MS, loaded);
  }

  /** Starts the next spare process, where the last one was needed within the time for which one is kept. */
  renew(): void {
    if (this.timer !== undefined) this.spare ??= this.start();
  }

  /** Hands the process over to the caller; null if there is none. */
  take(): StartedProcess | null {
    const { spare } = this;
    this.spare = null;
    if (spare !== null) this.wasNeeded = true;
    return spare?.process ?? null;
  }

  /** Ends the process, if there is one. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.take()?.child.kill('SIGKILL');
    this.wasNeeded = false;
  }

  private start(): Spare {
    const process = startProcess(this.program, memoryLimit());
    const { child, pipe } = process;
    // Its first message says that it has loaded its code. It stays in the pipe for whoever takes the process.
    const loaded = once(pipe, 'readable').then(
      () => undefined,
      () => undefined,
    );
    const spare = { process, loaded };
    const gone = (): void => {
      if (this.spare === spare) this.spare = null;
    };
    // The error is reported when the next process is started.
    child.once('error', gone).once('exit', gone);
    pipe.on('error', gone);
    return spare;
  }
}
