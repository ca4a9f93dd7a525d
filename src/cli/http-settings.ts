import { isIP } from 'node:net';
import { FailureError, UsageError } from '../lib/errors';
import { parseEndpoint } from '../p2p/endpoint';
import { readSecretFile } from '../lib/secret';
import { isProxyPlace } from '../web/proxies';
import type { HttpSettings } from '../web/settings';

/** The default address of the page. */
export const DEFAULT_HTTP = '127.0.0.1:8380';

const PORT = 8380;

const FORM = 'give IP[:port], [IPv6]:port, a port of this machine, or off';

/** Variable with the token where no file is named. */
const TOKEN_VARIABLE = 'BTCDMON_HTTP_TOKEN';

/** Allowed tokens; shorter ones can be guessed. */
const TOKEN = /^[\x21-\x7e]{16,256}$/;

/** The options of the page as yargs parses them. */
export interface HttpArguments {
  readonly http?: string | undefined;
  readonly httpTokenFile?: string | undefined;
  readonly httpHost?: readonly string[] | undefined;
  readonly httpProxy?: readonly string[] | undefined;
}

/**
 * Checks the options of the page and returns its settings; undefined where it is off.
 * @param urls the URLs of --export, where any were given
 * @throws UsageError naming the option, its value and what would be right; FailureError where the token can't
 *   be used
 */
export async function httpSettings(
  { http, httpTokenFile, httpHost = [], httpProxy = [] }: HttpArguments,
  env: NodeJS.ProcessEnv,
  urls?: readonly string[],
): Promise<HttpSettings | undefined> {
  if (http === 'off') return undefined;
  if (http !== undefined && urls !== undefined && !urls.some((url) => /^duckdb:/i.test(url)))
    throw new UsageError(
      `--http ${http}: shows the embedded store; add --export duckdb:PATH, or leave it out`,
    );
  const { host, port } = addressOf(http ?? DEFAULT_HTTP);
  const token = await readToken(httpTokenFile, env);
  if (token === null && !isLoopback(host))
    throw new UsageError(
      `--http ${http ?? DEFAULT_HTTP}: everyone who can reach it could read everything; give --http-token-file`,
    );
  const proxies = httpProxy.map(readHttpProxy);
  const names = httpHost.map(readHttpHost);
  return {
    host,
    port,
    token,
    given: http !== undefined,
    names,
    ...(proxies.length === 0 ? {} : { proxies }),
  };
}

/** Checks the value of --http. */
export function readHttpAddress(text: string): void {
  if (text !== 'off') addressOf(text);
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  // Port 0 stands for any free port; the log names it.
  const isAny = /^(.+:)?0$/.test(text);
  const given = isAny ? text.replace(/0$/, '1') : text;
  try {
    const { host, port } = parseEndpoint(/^\d+$/.test(given) ? `127.0.0.1:${given}` : given, PORT, '--http');
    const address = host === 'localhost' ? '127.0.0.1' : host;
    if (isIP(address) !== 0) return { host: address, port: isAny ? 0 : port };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  throw new UsageError(`--http ${text}: ${FORM}`);
}

async function readToken(file: string | undefined, env: NodeJS.ProcessEnv): Promise<string | null> {
  const what = file === undefined ? TOKEN_VARIABLE : `--http-token-file ${file}`;
  const token = file === undefined ? env[TOKEN_VARIABLE] : await readSecretFile(file, what);
  if (token === undefined || token === '') return null;
  if (TOKEN.test(token)) return token;
  throw new FailureError(
    `${what}: a token has 16 to 256 printable ASCII characters and no space; openssl rand -hex 32 makes one`,
  );
}

/** Checks a further host name of the page. */
export function readHttpHost(text: string): string {
  if (/^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(text)) return text.toLowerCase();
  throw new UsageError(`--http-host ${text}: give the name that a browser shows, name or name:port`);
}

/** Checks the address of a proxy whose X-Forwarded-For is trusted. */
export function readHttpProxy(text: string): string {
  if (isProxyPlace(text)) return text;
  throw new UsageError(
    `--http-proxy ${text}: give the address from which the proxy connects, IP or IP/bits for a network`,
  );
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
