import { type Authenticator, credsAuthenticator } from '@nats-io/transport-node';
import { isIP } from 'node:net';
import { type PeerCertificate, checkServerIdentity } from 'node:tls';
import { FailureError } from '../../lib/errors';
import { readCertificates, readSecretFile, readSecretText } from '../../lib/secret';
import type { NatsSettings } from './settings';

/** Our credentials for a server, and how to verify the server. */
export interface NatsCredentials {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly authenticator?: Authenticator;
  /** Null for a connection without TLS. */
  readonly tls: TlsOptions | null;
}

/** Options that the client passes on to Node's TLS. */
interface TlsOptions {
  readonly ca?: string;
  readonly minVersion: 'TLSv1.2';
  checkServerIdentity(host: string, certificate: PeerCertificate): Error | undefined;
}

/**
 * Reads the credentials from the files that the settings name, or from the environment:
 * `BTCDMON_NATS_PASSWORD`, `BTCDMON_NATS_TOKEN`.
 * @throws FailureError that says what is missing and never shows a secret
 */
export async function readCredentials(
  settings: NatsSettings,
  env: NodeJS.ProcessEnv,
): Promise<NatsCredentials> {
  const { user, tls, tokenFile, passwordFile, credsFile, shown } = settings;
  const security = {
    tls: tls ? await tlsOptions(settings) : null,
  };
  if (credsFile !== undefined) {
    const text = await readSecretText(
      credsFile,
      `${shown}: creds-file=${credsFile}`,
      'a file of NATS credentials',
    );
    if (!/-----BEGIN NATS USER JWT-----[^]+-----BEGIN USER NKEY SEED-----/.test(text))
      throw new FailureError(`${shown}: creds-file=${credsFile}: holds no JWT and key, as nsc makes them`);
    return { ...security, authenticator: credsAuthenticator(new TextEncoder().encode(text)) };
  }
  const fromFileOr = async (file: string | undefined, option: string, variable: string): Promise<string> =>
    file === undefined ? (env[variable] ?? '') : await readSecretFile(file, `${shown}: ${option}=${file}`);
  if (user !== null) {
    const pass = await fromFileOr(passwordFile, 'password-file', 'BTCDMON_NATS_PASSWORD');
    if (pass === '')
      throw new FailureError(
        `${shown}: ${user} has no password; set BTCDMON_NATS_PASSWORD or password-file=`,
      );
    return { ...security, user, pass };
  }
  const token = await fromFileOr(tokenFile, 'token-file', 'BTCDMON_NATS_TOKEN');
  return token === '' ? security : { ...security, token };
}

async function tlsOptions({ caFile, servers, shown }: NatsSettings): Promise<TlsOptions> {
  const hosts = servers.map((server) => server.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  return {
    ...(caFile === undefined ? {} : { ca: await readCertificates(caFile, `${shown}: ca-file=${caFile}`) }),
    minVersion: 'TLSv1.2',
    // Where the client dials an address it passes no host name, and Node would check for localhost.
    checkServerIdentity: (host, certificate) => {
      const wanted = hosts.includes(host) ? [host, ...addresses] : addresses;
      const problems = wanted.map((name) => checkServerIdentity(name, certificate));
      return problems.length === 0 ? checkServerIdentity(host, certificate) : firstOf(problems);
    },
  };
}

/** Undefined if any check passed, else the first problem. */
function firstOf(problems: readonly (Error | undefined)[]): Error | undefined {
  return problems.includes(undefined) ? undefined : problems[0];
}

/** Warns where a secret is sent over a network without TLS. */
export function warnOfClearText(
  { servers, shown }: NatsSettings,
  { tls, token, pass }: NatsCredentials,
  warn: (message: string) => void,
): void {
  const isSecret = token !== undefined || pass !== undefined;
  if (tls === null && isSecret && !servers.every(isLoopback))
    warn(`${shown}: without tls=on the password or token can be read on the way`);
}

function isLoopback(server: string): boolean {
  const host = server.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
