import { type StartedProcess, startProcess } from './start';
import { memoryLimit } from './limits';

/** Milliseconds for which a spare process is kept after the last statement. */
const KEEP_MS = 60_000;

/**
 * A process that has loaded its code and has not opened a store. It is kept ready while statements run,
 * because a statement may end the process that has the store open. The start of Node.js and DuckDB is two
 * thirds of the time until the next process answers. A spare process takes memory, so it is ended after a
 * while without statements.
 */
export class SpareProcess {
  private started: StartedProcess | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly program: string) {}

  get pid(): number | undefined {
    return this.started?.child.pid;
  }

  /** Starts a spare process if there is none, and keeps it for a while. */
  keep(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), KEEP_MS).unref();
    if (this.started !== null) return;
    const started = startProcess(this.program, memoryLimit());
    this.started = started;
    const gone = (): void => {
      if (this.started === started) this.started = null;
    };
    // The error is reported when the next process is started.
    started.child.once('error', gone).once('exit', gone);
    started.pipe.on('error', gone);
  }

  /** Hands the process over to the caller; null if there is none. */
  take(): StartedProcess | null {
    const { started } = this;
    this.started = null;
    return started;
  }

  /** Ends the process, if there is one. */
  end(): void {
    clearTimeout(this.timer);
    this.take()?.child.kill('SIGKILL');
  }
}
