import { UsageError } from '../errors';

/** Where a database of an InfluxDB is. */
export interface InfluxTarget {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly database: string;
  readonly user: string | null;
}

/**
 * Reads `influx+http://[user@]host[:8086]/database`.
 * @throws UsageError that never shows a password
 */
export function parseInfluxUrl(url: string): InfluxTarget {
  const form = 'influx+http://[user@]host:8086/database';
  const plainUrl = url.replace(/^influx\+/i, '');
  if (!URL.canParse(plainUrl)) throw new UsageError(`--from: the URL can't be read; use ${form}`);
  const parsed = new URL(plainUrl);
  const place = `influx+${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  if (parsed.password !== '')
    throw new UsageError(
      `--from ${place}: a password in a URL is seen by other users; put it into the environment as BTCDMON_INFLUX_PASSWORD`,
    );
  const database = decoded(parsed.pathname.slice(1));
  if (database === '' || database.includes('/') || parsed.search !== '' || parsed.hash !== '')
    throw new UsageError(`--from ${place}: names no database; use ${form}`);
  const port = parsed.port === '' ? '8086' : parsed.port;
  return {
    origin: `${parsed.protocol}//${parsed.hostname}:${port}`,
    database,
    user: parsed.username === '' ? null : decoded(parsed.username),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError(`--from: ${text} is no valid part of a URL; a % is written %25`);
  }
}
