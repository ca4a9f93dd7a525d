import type { PolicyName } from '../../../src/policy/standardness';
import type { LiveWhy } from '../../../src/why/why-answer';
import type { Row } from '../stored';
import type { Listener } from './listener';
import type { ScriptRecord } from './record';
import type { Stage } from './stage';
import type { StoryResult } from './story';
import { type Message, transcribe, type Transcript } from './transcript';

/** The result of the story at one listener. */
export class View {
  /** @param played gives the result once the story was played; tests are declared before that */
  constructor(
    readonly policy: PolicyName,
    private readonly played: () => StoryResult,
  ) {}

  get stage(): Stage {
    return this.played().stage;
  }

  get record(): ScriptRecord {
    return this.stage.record;
  }

  get listener(): Listener {
    const found = this.stage.listeners.find(({ policy }) => policy === this.policy);
    if (found === undefined) throw new Error(`no listener has the policy ${this.policy}`);
    return found;
  }

  /** The exit status of the program. */
  get status(): number | null | undefined {
    return this.played().statuses.get(this.policy);
  }

  /** What the running program told of a transaction, a block or a peer of the script. */
  why(id: string): LiveWhy {
    const told = this.played().whys.get(this.policy)?.get(id);
    if (told === undefined) throw new Error(`nobody asked for ${id}`);
    return told;
  }

  rows(sql: string): Promise<Row[]> {
    return this.listener.rows(sql);
  }

  /** The only value of the only row. */
  async value(sql: string): Promise<Row[string] | undefined> {
    return Object.values((await this.rows(sql))[0] ?? {})[0];
  }

  /** The connections to all peers, those of the scripted one last. */
  transcripts(): Transcript[] {
    return this.listener.recorders.flatMap(({ connections }) => connections.map(transcribe));
  }

  /** The messages of one command on all connections. */
  said(direction: 'in' | 'out', command: string): Message[] {
    return this.transcripts().flatMap((each) =>
      each[direction].filter((message) => message.command === command),
    );
  }
}
