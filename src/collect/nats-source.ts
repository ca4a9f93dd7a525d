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
import { Backoff } from '../export/backoff';
import { type NatsCredentials, readCredentials, warnOfClearText } from '../export/nats/credentials';
import { NatsRefused } from '../export/nats/refused';
import { type NatsSession, explainNats, openSession } from '../export/nats/session';
import type { NatsSettings } from '../export/nats/settings';
import type { Warn } from '../export/tally';
import { waitAtMost } from '../lib/wait-at-most';
import type { Intake } from './intake';

/** A stream, and the group that shares it. */
export interface NatsSourceOptions {
  readonly settings: NatsSettings;
  /** Collectors of one group share the messages: each goes to one of them. */
  readonly group: string;
}

export interface NatsSourceModules {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly warn: Warn;
  readonly env: NodeJS.ProcessEnv;
}

/** A message, and the connection that it came over, by which alone it can be confirmed. */
interface UnackedMessage {
  readonly message: JsMsg;
  readonly session: NatsSession | undefined;
}

/** Messages that one collector has in hand at a time, of at most 512 kB each. */
const FETCH_MESSAGES = 200;

/** How long a request for messages lasts where there are none, in milliseconds. */
const FETCH_MS = 2_000;

/** What the group as a whole may have in hand: beyond it the servers hand nothing out. */
const MAX_UNCONFIRMED = 2_000;

/** Milliseconds of silence about a message after which another collector gets it. */
const CONFIRM_MS = 15_000;

/** How often the servers are told that we still work on a message. */
const WORKING_MS = CONFIRM_MS / 3;

/** Milliseconds that messages in hand have to become safe when the end comes. */
const FINISH_MS = 2_000;

/**
 * Takes the messages of a stream, as one of a group. A message is confirmed to the servers once all its
 * points are safe: stored, or on the disk of an exporter's spool. Whatever was not confirmed comes again, to
 * this or to another collector of the group.
 */
export class NatsSource {
  private session: NatsSession | undefined;
  /**
   * Taken and not yet confirmed, by their number and time in the stream: what comes again meanwhile is not
   * taken twice.
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
    this.timer = setInterval(() => this.reassure(), WORKING_MS).unref();
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

  /** Takes no more, and confirms what becomes safe soon. */
  async close(): Promise<void> {
    this.ending.abort();
    clearInterval(this.timer);
    this.wake?.();
    await waitAtMost(FINISH_MS, this.confirming ?? Promise.resolve());
    // What was confirmed last is still on its way out.
    if (this.connections > 0) await waitAtMost(FINISH_MS, this.flush());
    await this.leave();
    await waitAtMost(FINISH_MS, this.running);
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
    // The number alone begins anew where a stream is deleted and made again.
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

  /** Confirms what is in hand as it becomes safe, until nothing is. */
  private async confirm(): Promise<void> {
    // The messages that came with the first one are safe together with it.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.unacked.size > 0) {
      const names = [...this.unacked.keys()];
      // The end of the program came first: they come again.
      if (!(await this.modules.intake.safe())) break;
      for (const name of names) {
        const it = this.unacked.get(name);
        this.unacked.delete(name);
        // Where its connection has ended it comes again, as one that may be stored.
        if (it !== undefined && this.isUsable(it)) it.message.ack();
      }
    }
    this.confirming = undefined;
  }

  /** Tells the servers that what is in hand is not forgotten, however long a database is away. */
  private reassure(): void {
    for (const it of this.unacked.values()) if (this.isUsable(it)) it.message.working();
  }

  private async flush(): Promise<void> {
    // A server that has gone meanwhile gives the messages out again.
    await this.session?.connection.flush().catch(() => undefined);
  }

  private isUsable({ session }: UnackedMessage): boolean {
    return session === this.session && session?.connection.isClosed() === false;
  }

  /** Connects and joins the group, which is made where there is none. */
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

/** Of a stream from which each message is taken once: it has one group. */
const NOT_UNIQUE = new Set([10_099, 10_100]);

async function ensureGroup({ manager }: NatsSession, stream: string, group: string): Promise<void> {
  try {
    const { config } = await manager.consumers.info(stream, group);
    if (config.deliver_subject === undefined && config.ack_policy === AckPolicy.Explicit) return;
    throw new NatsRefused(
      `the consumer ${group} of ${stream} is another's: a group pulls, and confirms each message; give --group`,
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
