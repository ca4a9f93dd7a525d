import { UsageError } from '../lib/errors';
import { parseOptionUrl } from '../lib/option-url';

/** The URL of a database of InfluxDB 1.x, or of another server with the same API. */
export interface InfluxDatabase {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly database: string;
  readonly user: string | null;
  /** Retention policy. Undefined: the database's default. */
  readonly policy: string | undefined;
  readonly gzip: boolean;
  readonly passwordFile: string | undefined;
  /**
   * File with the certificate authorities that the server's certificate must come from, instead of those that
   * Node.js trusts.
   */
  readonly caFile: string | undefined;
  /** The option and its URL, for messages. */
  readonly shown: string;
}

/** InfluxDB's HTTP port, in all versions up to 2. */
export const INFLUX_PORT = 8086;

/** The form of the URL of a database. */
export const INFLUX_FORM = 'influx+http(s)://[user@]host[:8086]/database';

/**
 * Reads `influx+http://[user@]host[:8086]/database` or `influx+https:…`, with the options `password-file`,
 * `ca-file`, `rp` and `gzip`.
 * @param flag the option that the URL was given to, for messages
 * @throws UsageError that never shows a password
 */
export function parseInfluxUrl(url: string, flag: string): InfluxDatabase {
  const [, scheme = '', rest = ''] = /^([^:]*):(.*)$/s.exec(url) ?? [];
  const secure = scheme.toLowerCase() === 'influx+https';
  const target = parseOptionUrl(rest, {
    form: INFLUX_FORM,
    scheme,
    flag,
    defaultPort: INFLUX_PORT,
    options: [...FILE_OPTIONS, 'rp', 'gzip'],
    mayHaveUser: true,
  });
  const { path: database, user, options, shown } = target;
  if (database === '' || database.includes('/'))
    throw new UsageError(`${shown}: names no database; use ${INFLUX_FORM}`);
  const passwordFile = options.get('password-file');
  if (passwordFile !== undefined && user === null)
    throw new UsageError(`${shown}: a password, but no user; use ${INFLUX_FORM.replace('[user@]', 'user@')}`);
  return {
    origin: originOf(target, secure),
    database,
    user,
    policy: options.get('rp'),
    gzip: gzipOption(target),
    passwordFile,
    caFile: caFileOption(target, secure),
    shown,
  };
}

/** Options that name files. */
const FILE_OPTIONS = ['password-file', 'ca-file'];

type Target = ReturnType<typeof parseOptionUrl>;

/** `http://host:port`, with brackets around an IPv6 address. */
export function originOf({ host, port }: Target, secure: boolean): string {
  return `http${secure ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether requests are compressed: `gzip=on`, the default, or `off`. */
export function gzipOption({ options, shown }: Target): boolean {
  const value = options.get('gzip') ?? 'on';
  if (value === 'on' || value === 'off') return value === 'on';
  throw new UsageError(`${shown}: gzip=${value}: give on or off`);
}

/** The file of `ca-file`, which is only allowed with TLS. */
export function caFileOption({ options, shown }: Target, secure: boolean): string | undefined {
  const file = options.get('ca-file');
  if (file === undefined || secure) return file;
  throw new UsageError(`${shown}: ca-file only works with https`);
}
