import {
  type JetStreamClient,
  type JetStreamManager,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, connect, errors } from '@nats-io/transport-node';
import { messageOf } from '../../lib/errors';
import type { NatsCredentials } from './credentials';
import { findServer } from './probe';
import { NatsRefused } from './refused';
import type { NatsSettings } from './settings';
import { ensureStream } from './stream';

/** A connection to a server of the cluster, on which the stream was found. */
export interface NatsSession {
  readonly connection: NatsConnection;
  readonly publisher: JetStreamClient;
  readonly manager: JetStreamManager;
  /** The most bytes of a message with its headers. */
  readonly maxBytes: number;
}

/**
 * Milliseconds in which a server must answer. At the start too: the program does not wait for a server that
 * is away.
 */
const CONNECT_MS = 3_000;

/** Milliseconds between two pings; after two unanswered pings the server counts as gone. */
const PING_MS = 10_000;

/** Codes of TLS errors: the certificate is not trusted, has expired, or has another name. */
const CERTIFICATE = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_)/;

/**
 * Connects to the first server that answers, and makes the stream where it is missing. The client's own
 * reconnecting is off: the owner of a session opens a new one when it fails, with its own pauses, and so
 * knows every message that is under way.
 * @param signal ends the attempt
 * @throws NatsRefused where waiting would not help
 */
export async function openSession(
  settings: NatsSettings,
  credentials: NatsCredentials,
  signal: AbortSignal,
): Promise<NatsSession> {
  let connection: NatsConnection;
  try {
    connection = await connect({
      ...credentials,
      servers: [await findServer(settings.servers, CONNECT_MS, signal)],
      name: 'btcdmon-node',
      timeout: CONNECT_MS,
      reconnect: false,
      ignoreClusterUpdates: true,
      pingInterval: PING_MS,
    });
  } catch (error) {
    throw isFinal(error) ? new NatsRefused(explainNats(error)) : new Error(explainNats(error));
  }
  try {
    const timeout = settings.timeoutMs;
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout });
    const { maxMessageBytes } = await ensureStream(manager, settings);
    signal.throwIfAborted();
    return {
      connection,
      manager,
      publisher: jetstream(connection, { timeout }),
      maxBytes: Math.min(connection.info?.max_payload ?? Infinity, maxMessageBytes),
    };
  } catch (error) {
    await connection.close();
    throw error instanceof NatsRefused ? error : new Error(explainNats(error));
  }
}

function isFinal(error: unknown): boolean {
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError)
    return true;
  return CERTIFICATE.test(codeOf(error)) || messageOf(error).includes("does not support 'tls'");
}

/** Describes a failure and who must act on it. */
export function explainNats(error: unknown): string {
  if (error instanceof errors.AuthorizationError) return 'the server refuses the user, password or token';
  if (error instanceof errors.TimeoutError) return 'no answer in time';
  if (error instanceof errors.ClosedConnectionError) return 'the server closed the connection';
  if (error instanceof errors.PermissionViolationError)
    return `the user may not do this: ${error.operation} ${error.subject}`;
  if (error instanceof JetStreamApiError) return `JetStream: ${error.message}`;
  const text = messageOf(error);
  // No server answers the request.
  if (/no responders|jetstream is not enabled/i.test(text))
    return 'nobody answers for the stream: JetStream is off, or its servers have no leader at the moment';
  if (CERTIFICATE.test(codeOf(error))) return `its certificate can't be trusted: ${codeOf(error)}`;
  if (text.includes("does not support 'tls'")) return 'the server does not speak TLS; leave tls=on out';
  return text === '' ? 'the connection failed' : text;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  return typeof code === 'string' ? code : codeOf(cause);
}
