import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FailureError } from '../../lib/errors';
import { AnswerStream } from './answer-stream';
import { Frames } from '../../lib/frames';
import { waitsForDisk } from './disk-wait';
import { fileMarks } from './file-marks';
import { Heartbeat } from './heartbeat';
import { memoryLimit } from './limits';
import { Patience } from './patience';
import { RunShare } from './run-share';
import type { SeriesColumns } from '../columns';
import type { FromStore, ToStore, WireError } from './messages';
import { type StartedProcess, startProcess } from './start';
import { watchMemory } from './watch-memory';
import { decodeError } from './wire-error';
import { Writing } from './writing';

/**
 * The time in which a cancelled question must end. After that its process is killed, because it can't
 * interrupt the question.
 */
const INTERRUPT = { runMs: 1_000, hardMs: 5_000 };

/** Milliseconds between two looks at a cancelled question. */
const LOOK_MS = 50;

/** Number of last characters of the process's stderr that are kept. */
const STDERR_LENGTH = 2_000;

/** Which store the process opens, and how. */
export interface StoreToOpen {
  /** Absolute. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Whether a process of this program had it open until now; see `StoreOptions`. */
  readonly isCurrent: boolean;
}

/** How a connection starts its process, and its callbacks. */
export interface ConnectionModules {
  /** Path of the program that has the store open. */
  readonly program: string;
  readonly warn: (message: string) => void;
  /** Called with the least number of stored points that are lost. */
  readonly lost: (points: number) => void;
  /** A process of this program that was started and has not got a message yet. */
  readonly spare?: StartedProcess | null;
}

/** The process of the store ended during a request. It is unknown whether the request was carried out. */
export class StoreEnded extends FailureError {}

/** One process that has a store open, from its start to its end. */
export class StoreConnection {
  /** Resolves to the series that lack columns. Rejects if the store can't be opened. */
  readonly opened: Promise<readonly string[]>;
  /** Resolves, once the process is gone, to how it ended. */
  readonly ended: Promise<string>;
  private readonly started: StartedProcess;
  private readonly frames: Frames<ToStore, FromStore>;
  private readonly answers = new Map<number, AnswerStream>();
  /** Whether this process ever ran a statement that a person wrote. */
  private hadStatement = false;
  private readonly heartbeat = new Heartbeat({
    ask: () => this.send({ kind: 'ping' }),
    isWriting: () => this.writing.look(),
    share: () => (this.share ??= new RunShare(this.pid)).take(),
    stuck: (waitedForDisk) =>
      this.kill(waitedForDisk ? 'the disk kept it from answering' : 'a statement kept it from answering'),
  });
  private readonly writing = new Writing({
    marks: () => fileMarks(this.place.path),
    waitsForDisk: () => this.pid !== undefined && waitsForDisk(this.pid),
  });
  private share: RunShare | undefined;
  private lastId = 0;
  private onOpened: (outdated: readonly string[] | Error) => void = () => undefined;
  private onWritten: ((error?: Error) => void) | undefined;
  private isGone = false;
  private killedFor: string | undefined;
  private stderr = '';
  private stopWatch: (() => void) | undefined;

  constructor(
    private readonly place: StoreToOpen,
    private readonly modules: ConnectionModules,
  ) {
    this.opened = new Promise((resolve, reject) => {
      this.onOpened = (outdated) => {
        if (outdated instanceof Error) reject(outdated);
        else resolve(outdated);
      };
    });
    // Without a handler here the rejection would end the program. Whoever awaits the promise still gets the
    // error.
    this.opened.catch(() => undefined);
    this.started = modules.spare ?? startProcess(modules.program, memoryLimit());
    const { child, pipe } = this.started;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_LENGTH);
    });
    // A failed write means that the process is gone, which `ended` reports.
    pipe.on('error', () => undefined);
    this.frames = new Frames(pipe, (message, bytes) => this.received(message, bytes));
    this.ended = this.untilEnd();
    this.send({ kind: 'open', ...place });
  }

  /** The id of the process; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.started.child.pid;
  }

  /** Resolves when the points are on disk. @throws StoreEnded if the process ended before it answered */
  write(groups: readonly SeriesColumns[], mayBeStored: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onWritten = (error) => {
        this.onWritten = undefined;
        this.writing.ends('commit');
        if (error === undefined) resolve();
        else reject(error);
      };
      if (this.isGone) this.onWritten(this.endedError());
      else this.send({ kind: 'write', groups, mayBeStored });
    });
  }

  /**
   * Asks a question. The parts of the answer come as fast as they are read. From the first statement of a
   * person on, the heartbeat watches the process while it has questions: a statement may keep it from
   * answering, and so may the memory that a statement has left, long after its end.
   */
  ask(question: unknown, isStatement: boolean): AnswerStream {
    const id = ++this.lastId;
    const answer = new AnswerStream({
      taken: (bytes) => {
        if (!answer.isOver) this.send({ kind: 'taken', id, bytes });
      },
      cancel: () => this.cancel(id, answer),
    });
    if (this.isGone) {
      answer.end(this.endedError());
      return answer;
    }
    this.answers.set(id, answer);
    if (this.answers.size === 1) this.watch();
    this.hadStatement ||= isStatement;
    if (this.hadStatement) this.heartbeat.start();
    this.send({ kind: 'ask', id, question });
    return answer;
  }

  /**
   * Starts to roll up points, and to remove them at an age. @param nowMs the trusted time in milliseconds
   * since the Unix epoch
   */
  retain(keepMs: number | null, nowMs: number): void {
    this.send({ kind: 'retain', keepMs, nowMs });
  }

  /** Tells the process to close the store and to end. */
  close(): void {
    this.send({ kind: 'close' });
  }

  /**
   * Ends the process at once, whatever it does. It is unknown whether a request without a reply was carried
   * out.
   */
  kill(why: string): void {
    this.killedFor ??= why;
    this.started.child.kill('SIGKILL');
  }

  private send(message: ToStore): void {
    this.frames.send(message);
  }

  private cancel(id: number, answer: AnswerStream): void {
    this.send({ kind: 'cancel', id });
    const tooLong = async (): Promise<void> => {
      // If this process was busy, the answer may be in the pipe already, so the pipe is read first.
      for (let turn = 0; turn < 3; turn++) await nextTurn();
      if (!answer.isOver) this.kill('a statement could not be interrupted');
    };
    const share = new RunShare(this.pid);
    const patience = new Patience(INTERRUPT, LOOK_MS);
    const timer = setInterval(() => {
      if (!patience.isOver(share.take())) return;
      clearInterval(timer);
      void tooLong();
    }, LOOK_MS);
    void answer.ended.then(() => clearInterval(timer));
  }

  private received(message: FromStore, bytes: number): void {
    switch (message.kind) {
      case 'loaded':
        // `SpareProcess` waits for it.
        break;
      case 'opened':
        this.onOpened(message.outdated);
        break;
      case 'unopened':
        this.onOpened(decodeError(message.error));
        this.kill('it could not open the store');
        break;
      case 'committing':
        this.writing.begins('commit', message.marks);
        break;
      case 'checkpointing':
        if (message.marks === null) this.writing.ends('checkpoint');
        else this.writing.begins('checkpoint', message.marks);
        break;
      case 'written':
        this.onWritten?.();
        break;
      case 'unwritten':
        this.onWritten?.(decodeError(message.error));
        break;
      case 'part':
        this.answers.get(message.id)?.add(message.part, bytes);
        break;
      case 'end':
        this.answered(message.id, message.error);
        break;
      case 'lost':
        this.modules.lost(message.points);
        break;
      case 'pong':
        this.heartbeat.alive();
        break;
      case 'warn':
        this.modules.warn(message.message);
        break;
    }
  }

  private answered(id: number, error: WireError | undefined): void {
    const answer = this.answers.get(id);
    this.answers.delete(id);
    if (this.answers.size === 0) {
      this.heartbeat.stop();
      this.stopWatch?.();
    }
    answer?.end(error === undefined ? null : decodeError(error));
  }

  private watch(): void {
    this.stopWatch?.();
    const { pid } = this;
    if (this.started.isLimited || pid === undefined) return;
    this.stopWatch = watchMemory(pid, memoryLimit(), () => this.kill('a statement took too much memory'));
  }

  private async untilEnd(): Promise<string> {
    const { child, pipe } = this.started;
    let how: string;
    try {
      const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
      how = this.killedFor ?? (signal === null ? `exit status ${status ?? 0}` : `signal ${signal}`);
    } catch (error) {
      how = `it can't be started: ${error instanceof Error ? error.message : String(error)}`;
    }
    this.isGone = true;
    this.killedFor ??= how;
    this.stopWatch?.();
    this.heartbeat.stop();
    pipe.destroy();
    const error = this.endedError();
    this.onOpened(
      new StoreEnded(
        `store ${this.place.path}: can't be opened: ${error.message}${this.said()}; where it ends so each time ` +
          `the file is damaged: move it and ${this.place.path}.wal away, which makes a new store`,
      ),
    );
    this.onWritten?.(error);
    for (const answer of this.answers.values()) answer.end(error);
    this.answers.clear();
    return `${how}${this.said()}`;
  }

  /** The first line that the process wrote about its end, as V8 does when its memory is full. */
  private said(): string {
    const line = this.stderr.split('\n').find((text) => /\S/.test(text));
    return line === undefined ? '' : `; it said: ${line.trim().slice(0, 200)}`;
  }

  private endedError(): StoreEnded {
    return new StoreEnded(`the process that has the store open ended (${this.killedFor ?? 'unknown'})`);
  }
}
