import {
  AckPolicy,
  type Consumer,
  JetStreamApiCodes,
  JetStreamApiError,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Clock } from '../lib/clock';
import { FailureError } from '../lib/errors';
import { Backoff } from '../lib/backoff';
import { type NatsCredentials, readCredentials, warnOfClearText } from '../export/nats/credentials';
import { NatsRefused } from '../export/nats/refused';
import { type NatsSession, explainNats, openSession } from '../export/nats/session';
import type { NatsSettings } from '../export/nats/settings';
import type { Warn } from '../export/tally';
import { waitAtMost } from '../lib/wait-at-most';
import type { Intake } from './intake';

/** A stream and the group of its collectors. */
export interface NatsSourceOptions {
  readonly settings: NatsSettings;
  /** The collectors of a group share the messages: each message goes to one of them. */
  readonly group: string;
}

export interface NatsSourceModules {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly warn: Warn;
  readonly env: NodeJS.ProcessEnv;
}

/** A message that is not acknowledged yet, and its session, over which alone it can be. */
interface UnackedMessage {
  readonly message: JsMsg;
  readonly session: NatsSession | undefined;
}

/** Messages of one fetch, of at most 512 kB each. */
const FETCH_MESSAGES = 200;

/** How long a fetch waits for messages, in milliseconds. */
const FETCH_MS = 2_000;

/** Limit of unacknowledged messages of the whole group: beyond it the servers deliver nothing. */
const MAX_UNCONFIRMED = 2_000;

/** Milliseconds without a sign of life after which another collector gets a message. */
const CONFIRM_MS = 15_000;

/** Interval of the signs of life for unacknowledged messages. */
const WORKING_MS = CONFIRM_MS / 3;

/** Milliseconds in which messages may still become safe when the source closes. */
const FINISH_MS = 1_500;

/** The same for each step of leaving the server. */
const LEAVE_MS = 300;

/**
 * Takes the messages of a stream, as one of a group of collectors. A message is acknowledged once all its
 * points are safe: stored, or on the disk of an exporter's spool. A message that was not acknowledged is
 * delivered again, to this or to another collector of the group.
 */
export class NatsSource {
  private session: NatsSession | undefined;
  /**
   * Messages that were taken and are not acknowledged, by sequence number and time in the stream. They are
   * not taken twice if they are delivered again.
   */
  private readonly unacked = new Map<string, UnackedMessage>();
  private readonly backoff: Backoff;
  private readonly from: string;
  private readonly ending = new AbortController();
  private running = Promise.resolve();
  private confirming: Promise<void> | undefined;
  private wake: (() => void) | undefined;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly options: NatsSourceOptions,
    private readonly modules: NatsSourceModules,
    private readonly credentials: NatsCredentials,
  ) {
    const { servers, stream } = options.settings;
    this.from = `nats ${servers[0] ?? ''}/${stream}`;
    const { clock } = modules;
    const warn: Warn = (message) => modules.warn(`${options.settings.shown}: ${message}`);
    this.backoff = new Backoff({ minMs: 250, maxMs: 10_000 }, { clock, warn });
    this.timer = setInterval(() => this.sendSignsOfLife(), WORKING_MS).unref();
  }

  /**
   * Starts taking. Servers that are away are waited for.
   * @throws FailureError where waiting would not help
   */
  static async open(options: NatsSourceOptions, modules: NatsSourceModules): Promise<NatsSource> {
    const { settings } = options;
    const credentials = await readCredentials(settings, modules.env);
    warnOfClearText(settings, credentials, modules.warn);
    const source = new NatsSource(options, modules, credentials);
    let consumer: Consumer | undefined;
    try {
      consumer = await source.join();
    } catch (error) {
      if (error instanceof NatsRefused) {
        await source.close();
        throw new FailureError(`${settings.shown}: ${error.message}`);
      }
      source.failed(error);
    }
    source.running = source.run(consumer);
    return source;
  }

  /** Whether a server is connected: 1 or 0. */
  get connections(): number {
    return this.session?.connection.isClosed() === false ? 1 : 0;
  }

  /** Takes no more messages, and acknowledges those that become safe soon. */
  async close(): Promise<void> {
    this.ending.abort();
    clearInterval(this.timer);
    this.wake?.();
    await waitAtMost(FINISH_MS, this.confirming ?? Promise.resolve());
    // The last acknowledgements are still in the client's buffer.
    if (this.connections > 0) await waitAtMost(LEAVE_MS, this.flush());
    await waitAtMost(LEAVE_MS, this.leave());
    await waitAtMost(LEAVE_MS, this.running);
  }

  private isOver(): boolean {
    return this.ending.signal.aborted;
  }

  private async run(first: Consumer | undefined): Promise<void> {
    let consumer = first;
    while (!this.isOver()) {
      try {
        if (consumer === undefined) {
          await this.pause();
          if (this.isOver()) return;
          consumer = await this.join();
        }
        await this.modules.intake.room();
        await this.fetch(consumer);
        this.backoff.success();
      } catch (error) {
        consumer = undefined;
        await this.leave();
        if (!this.isOver()) this.failed(error);
      }
    }
  }

  private async fetch(consumer: Consumer): Promise<void> {
    const messages = await consumer.fetch({ max_messages: FETCH_MESSAGES, expires: FETCH_MS });
    for await (const message of messages) {
      await this.modules.intake.room();
      if (this.isOver()) return;
      this.take(message);
    }
    if (this.session?.connection.isClosed() !== false) throw new Error('the server closed the connection');
  }

  private take(message: JsMsg): void {
    // Sequence numbers start again where a stream is deleted and made again.
    const name = `${message.seq} ${message.timestampNanos}`;
    const isKnown = this.unacked.has(name);
    this.unacked.set(name, { message, session: this.session });
    if (isKnown) return;
    const { data, redelivered } = message;
    this.modules.intake.take(
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      this.from,
      redelivered,
    );
    this.confirming ??= this.confirm();
  }

  /** Acknowledges messages as they become safe, until none is left. */
  private async confirm(): Promise<void> {
    // Waits for the messages of the same chunk, which become safe together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.unacked.size > 0) {
      const names = [...this.unacked.keys()];
      // The program ended first: the messages are delivered again.
      if (!(await this.modules.intake.flush())) break;
      for (const name of names) {
        const it = this.unacked.get(name);
        this.unacked.delete(name);
        // If its connection has ended, the message is delivered again, as one that may be stored.
        if (it !== undefined && this.isUsable(it)) it.message.ack();
      }
    }
    this.confirming = undefined;
  }

  /** Sends signs of life for unacknowledged messages, however long a database is away. */
  private sendSignsOfLife(): void {
    for (const it of this.unacked.values()) if (this.isUsable(it)) it.message.working();
  }

  private async flush(): Promise<void> {
    // If the server is gone, the messages are delivered again.
    await this.session?.connection.flush().catch(() => undefined);
  }

  private isUsable({ session }: UnackedMessage): boolean {
    return session === this.session && session?.connection.isClosed() === false;
  }

  /** Connects and joins the group. Makes the group if it does not exist. */
  private async join(): Promise<Consumer> {
    const { settings, group } = this.options;
    this.session = await openSession(settings, this.credentials, this.ending.signal);
    const { publisher } = this.session;
    try {
      await ensureGroup(this.session, settings.stream, group);
      return await publisher.consumers.get(settings.stream, group);
    } catch (error) {
      await this.leave();
      throw error instanceof NatsRefused ? error : new Error(explainNats(error));
    }
  }

  private async leave(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.connection.close();
  }

  private failed(error: unknown): void {
    this.backoff.failure(error, 'the stream cannot be read and is tried again');
  }

  private async pause(): Promise<void> {
    if (!this.backoff.isFailing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.backoff.pauseMs(false));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Codes of JetStream: a stream that gives each message to one group has a group already. */
const NOT_UNIQUE = new Set([10_099, 10_100]);

async function ensureGroup({ manager }: NatsSession, stream: string, group: string): Promise<void> {
  try {
    const { config } = await manager.consumers.info(stream, group);
    if (config.deliver_subject === undefined && config.ack_policy === AckPolicy.Explicit) return;
    throw new NatsRefused(
      `the consumer ${group} of ${stream} is no group of collectors (a group pulls, and confirms each message); give another name with --group`,
    );
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.ConsumerNotFound)
      throw error;
  }
  try {
    await manager.consumers.add(stream, {
      durable_name: group,
      description: 'collectors of btcdmon-node',
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(CONFIRM_MS),
      max_ack_pending: MAX_UNCONFIRMED,
    });
  } catch (error) {
    if (error instanceof JetStreamApiError && NOT_UNIQUE.has(error.code))
      throw new NatsRefused(
        `${stream} has a group already, and gives each message to one: give --group that name, or make the stream with retention "limits"`,
      );
    throw error;
  }
}
