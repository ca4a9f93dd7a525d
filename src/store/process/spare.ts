import { type StartedProcess, startProcess } from './start';
import { memoryLimit } from './limits';

/** Milliseconds for which a spare process is kept after it was wanted. */
const KEEP_MS = 60_000;

/**
 * A process that has loaded everything and opened nothing, for while statements run that may end the one that
 * has the store: of the time from its end until the next one answers, two thirds are the start of Node.js and
 * DuckDB. One that nobody wants any more is ended, as it takes memory.
 */
export class SpareProcess {
  private started: StartedProcess | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly program: string) {}

  get pid(): number | undefined {
    return this.started?.child.pid;
  }

  /** Has one from now on, for a while. */
  keep(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), KEEP_MS).unref();
    if (this.started !== null) return;
    const started = startProcess(this.program, memoryLimit());
    this.started = started;
    const gone = (): void => {
      if (this.started === started) this.started = null;
    };
    // What kept it from starting will be said by the next one that is needed.
    started.child.once('error', gone).once('exit', gone);
    started.pipe.on('error', gone);
  }

  /** Hands over the one that is there, which is its taker's from now on; null where there is none. */
  take(): StartedProcess | null {
    const { started } = this;
    this.started = null;
    return started;
  }

  /** Ends the one that is there. */
  end(): void {
    clearTimeout(this.timer);
    this.take()?.child.kill('SIGKILL');
  }
}
