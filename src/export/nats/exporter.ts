import { JetStreamApiError } from '@nats-io/jetstream';
import { FailureError } from '../../lib/errors';
import { type WriteResult, confirmed } from '../../metrics/write-result';
import type { LineBatch, LineExporter } from '../line-exporter';
import { type NatsCredentials, readCredentials, warnOfClearText } from './credentials';
import { MessageMaker, type NatsMessage } from './messages';
import { NatsRefused } from './refused';
import { type NatsSession, explainNats, openSession } from './session';
import { type NatsSettings, readNatsUrl } from './settings';

interface Modules {
  readonly env: NodeJS.ProcessEnv;
  readonly warn: (message: string) => void;
}

/** The exporter of `nats://…`. */
export function nats(rest: string, modules: Modules): NatsExporter {
  return new NatsExporter(readNatsUrl(rest, '--export'), modules);
}

/**
 * Publishes line protocol into a JetStream stream, one message for each node and series of a batch. A batch
 * is delivered once the stream has confirmed every message. A batch that is sent again has the same message
 * ids, so the stream drops the messages that it already has.
 */
export class NatsExporter implements LineExporter {
  readonly name = 'nats';
  readonly destination: string;
  private readonly maker: MessageMaker;
  private readonly ending = new AbortController();
  private credentials: NatsCredentials | undefined;
  private session: NatsSession | undefined;

  constructor(
    private readonly settings: NatsSettings,
    private readonly modules: Modules,
  ) {
    const { servers, stream, subject } = settings;
    this.destination = `${servers[0] ?? ''}/${stream}${subject === stream ? '' : ` ${subject}`}`;
    this.maker = new MessageMaker(subject);
  }

  async open(): Promise<void> {
    const { settings, modules } = this;
    this.credentials = await readCredentials(settings, modules.env);
    warnOfClearText(settings, this.credentials, modules.warn);
    try {
      this.session = await openSession(settings, this.credentials, this.ending.signal);
    } catch (error) {
      if (error instanceof NatsRefused) throw new FailureError(`${settings.shown}: ${error.message}`);
      // The servers are away: the queue tries again and warns.
    }
  }

  async writeLines(batch: LineBatch): Promise<WriteResult> {
    const session = await this.usableSession();
    const { messages, tooLong } = this.maker.messages(batch, session.maxBytes);
    const results = await Promise.allSettled(messages.map((message) => this.publish(session, message)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      // Another server may succeed, and the stream may have been deleted.
      if (!isFull(failed.reason)) await this.leave();
      throw new Error(explainNats(failed.reason));
    }
    return confirmed(
      batch.points - tooLong,
      tooLong > 0 ? `a line is longer than the ${session.maxBytes} bytes of a message` : undefined,
    );
  }

  async close(): Promise<void> {
    this.ending.abort();
    await this.leave();
  }

  /** Bytes sent over the current connection. */
  get bytesSent(): number {
    return this.session?.connection.stats().outBytes ?? 0;
  }

  private async publish({ publisher }: NatsSession, { subject, id, lines }: NatsMessage): Promise<void> {
    const { timeoutMs, stream } = this.settings;
    await publisher.publish(subject, lines, {
      msgID: id,
      timeout: timeoutMs,
      expect: { streamName: stream },
    });
  }

  private async usableSession(): Promise<NatsSession> {
    if (this.session?.connection.isClosed() === false) return this.session;
    const { settings, modules } = this;
    this.credentials ??= await readCredentials(settings, modules.env);
    this.session = await openSession(settings, this.credentials, this.ending.signal);
    return this.session;
  }

  private async leave(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.connection.close();
  }
}

/**
 * Whether the stream has no room: `maximum bytes exceeded` and similar, status 503 of a publication. A
 * message that is too long is different: the stream's limit was lowered after the session began, and a new
 * session reads the new limit.
 */
function isFull(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    /maximum|exceeded/.test(error.message) &&
    !error.message.includes('message size')
  );
}
