import { type StartedProcess, startProcess } from './start';
import { memoryLimit } from './limits';

/** Milliseconds for which a spare process is kept after it was wanted. */
const KEEP_MS = 60_000;

/**
 * A process that has loaded everything and opened nothing. It stands by while statements run that may end the
 * process with the store: of the time until the next one answers, two thirds are the start of Node.js and
 * DuckDB. It takes memory, so it is ended after a while without statements.
 */
export class SpareProcess {
  private started: StartedProcess | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly program: string) {}

  get pid(): number | undefined {
    return this.started?.child.pid;
  }

  /** Keeps one from now on, for a while. */
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

  /** Hands the process over to the caller; null where there is none. */
  take(): StartedProcess | null {
    const { started } = this;
    this.started = null;
    return started;
  }

  /** Ends the process, where there is one. */
  end(): void {
    clearTimeout(this.timer);
    this.take()?.child.kill('SIGKILL');
  }
}
