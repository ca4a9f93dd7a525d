import { isIP } from 'node:net';
import { UsageError } from '../../lib/errors';
import { type OptionUrl, numberOption, parseOptionUrl } from '../../lib/option-url';

/** Address of a stream, and its settings if it has to be made. */
export interface NatsSettings {
  /** `host:port` of each server that is tried. */
  readonly servers: readonly string[];
  readonly stream: string;
  /** First part of the subjects; `.<node>.<series>` follows. */
  readonly subject: string;
  readonly user: string | null;
  readonly tls: boolean;
  readonly caFile: string | undefined;
  readonly tokenFile: string | undefined;
  readonly passwordFile: string | undefined;
  /** File with a JWT and the seed of its key, as `nsc` makes them. */
  readonly credsFile: string | undefined;
  /** For a stream that has to be made: the number of servers that keep it, and its limit in bytes. */
  readonly replicas: number;
  readonly streamBytes: number;
  /** Milliseconds without an answer after which a request counts as failed. */
  readonly timeoutMs: number;
  /** The option and its URL, for messages, without secrets. */
  readonly shown: string;
}

export const NATS_FORM = 'nats://[user@]host[:4222]/STREAM[?servers=host:port,…]';

const DEFAULT_PORT = 4222;

/** Limit of the servers of one cluster. */
const MAX_SERVERS = 16;

const OPTIONS = [
  ...['servers', 'subject', 'tls', 'ca-file', 'token-file', 'password-file', 'creds-file'],
  ...['replicas', 'stream-size', 'timeout'],
];

/** Names that NATS accepts both as file names and in subjects. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Reads `//[user@]host[:4222]/STREAM[?…]`, a URL without its scheme.
 * @param flag the option of the URL, for messages
 * @throws UsageError that says what is wrong
 */
export function readNatsUrl(rest: string, flag: '--export' | '--from'): NatsSettings {
  const target = parseOptionUrl(rest, {
    form: NATS_FORM,
    scheme: 'nats',
    defaultPort: DEFAULT_PORT,
    options: OPTIONS,
    mayHaveUser: true,
    flag,
  });
  const { host, port, path: stream, options } = target;
  const { shown } = target;
  const wrong = (reason: string): UsageError => new UsageError(`${shown}: ${reason}; use ${NATS_FORM}`);
  if (!NAME.test(stream))
    throw wrong(
      stream === ''
        ? 'names no stream'
        : 'the name of a stream has 1 to 64 letters, digits, underscores and hyphens',
    );
  const subject = options.get('subject') ?? stream;
  if (!subject.split('.').every((token) => NAME.test(token)) || subject.length > 128)
    throw wrong('subject= is made of names with dots between, and has no wildcards');
  const tls = options.get('tls') ?? 'off';
  if (tls !== 'on' && tls !== 'off') throw wrong(`tls=${tls}: give on or off`);
  if (tls === 'off' && options.has('ca-file')) throw wrong('ca-file= is for tls=on');
  if (target.user === null && options.has('password-file')) throw wrong('a password needs a user');
  const ways = [target.user !== null, options.has('token-file'), options.has('creds-file')];
  if (ways.filter(Boolean).length > 1) throw wrong('give one of a user, token-file= and creds-file=');
  const servers = [formatServer(host, port), ...readServers(target, wrong)];
  return {
    servers,
    stream,
    subject,
    user: target.user,
    tls: tls === 'on',
    caFile: options.get('ca-file'),
    tokenFile: options.get('token-file'),
    passwordFile: options.get('password-file'),
    credsFile: options.get('creds-file'),
    replicas: numberOption(target, 'replicas', { fallback: servers.length >= 3 ? 3 : 1, least: 1, most: 5 }),
    streamBytes: numberOption(target, 'stream-size', { fallback: 1_000, least: 1, most: 1e9 }) * 1_000_000,
    timeoutMs: numberOption(target, 'timeout', { fallback: 10, least: 1, most: 600 }) * 1_000,
    shown,
  };
}

function readServers({ options }: OptionUrl, wrong: (reason: string) => UsageError): string[] {
  const given = options.get('servers');
  if (given === undefined) return [];
  const servers = given.split(/[,;]/).map((text) => {
    const match = /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
    const [, v6, name, digits] = match ?? [];
    const port = Number(digits ?? DEFAULT_PORT);
    const host = v6 ?? name;
    if (
      host === undefined ||
      (v6 !== undefined && (isIP(v6) !== 6 || v6.includes('%'))) ||
      port < 1 ||
      port > 65_535
    )
      throw wrong(`servers=${given}: give host:port, with commas or semicolons between`);
    return formatServer(host, port);
  });
  if (servers.length >= MAX_SERVERS) throw wrong(`servers= names more than ${MAX_SERVERS - 1}`);
  return servers;
}

function formatServer(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
