import type { FromStore, ToStore } from '../store/process/messages';
import { decodePoints } from '../store/process/points';
import { encodeError } from '../store/process/wire-error';
import { SettledTime } from '../store/settled-time';
import { type Retention, keepRetention } from '../store/retention';
import { type OpenedStore, openUnlocked } from './open-unlocked';
import { Questions } from './questions';

/** What the server of a store works with. */
export interface StoreServerModules {
  /** Sends a message; returns the bytes that it takes. */
  readonly send: (message: FromStore) => number;
  /** Ends this process. */
  readonly end: () => void;
}

/** A store at the service of the process on the other end of a pipe. */
export class StoreServer {
  private opened: OpenedStore | undefined;
  private questions: Questions | undefined;
  private retention: Retention | undefined;

  constructor(private readonly modules: StoreServerModules) {}

  received(message: ToStore): void {
    switch (message.kind) {
      case 'open':
        void this.open(message);
        break;
      case 'write':
        void this.write(message);
        break;
      case 'ask':
        void this.questions?.ask(message.id, message.question);
        break;
      case 'cancel':
        this.questions?.cancel(message.id);
        break;
      case 'taken':
        this.questions?.taken(message.id, message.bytes);
        break;
      case 'retain':
        this.retain(message.keepMs);
        break;
      case 'close':
        void this.close();
        break;
    }
  }

  private async open({ path, readOnly }: Extract<ToStore, { kind: 'open' }>): Promise<void> {
    try {
      this.opened = await openUnlocked(path, readOnly, this.warn);
      this.questions = new Questions(this.opened.holder, this.modules.send);
      this.modules.send({ kind: 'opened', layout: this.opened.holder.store.layout });
    } catch (error) {
      this.modules.send({ kind: 'unopened', error: encodeError(error) });
    }
  }

  private async write({ points, mayBeStored }: Extract<ToStore, { kind: 'write' }>): Promise<void> {
    try {
      const writer = this.opened?.writer;
      if (writer === undefined) throw new Error('the store is open for reading');
      const written = await writer.write(decodePoints(points, mayBeStored));
      this.modules.send({ kind: 'written', written });
    } catch (error) {
      this.modules.send({ kind: 'unwritten', error: encodeError(error) });
    }
  }

  private retain(keepMs: number | null): void {
    const { opened } = this;
    if (opened === undefined || this.retention !== undefined) return;
    const time = new SettledTime({ wallMs: () => Date.now(), monotonicMs: () => performance.now() });
    const { warn } = this;
    this.retention = keepRetention({ keepMs }, { holder: opened.holder, nowMs: () => time.nowMs(), warn });
  }

  private readonly warn = (message: string): void => void this.modules.send({ kind: 'warn', message });

  private async close(): Promise<void> {
    this.questions?.cancelAll();
    await this.retention?.stop();
    await this.opened?.close();
    this.modules.end();
  }
}
