import { X509Certificate } from 'node:crypto';
import { FailureError } from '../lib/errors';
import { readCertificates, readSecretFile } from '../lib/secret';
import type { InfluxDatabase } from './influx-url';

/** Environment variable with the password of an InfluxDB 1.x. */
export const PASSWORD_VARIABLE = 'BTCDMON_INFLUX_PASSWORD';

/** Credentials and certificates for an InfluxDB. */
export interface InfluxAccess {
  /** Undefined if the URL names no user. */
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** Certificates in PEM. Undefined: those that Node.js trusts. */
  readonly ca: string | undefined;
}

/** Value of the header `Authorization`; undefined where there is no login. */
export function authorizationOf(login: InfluxAccess['login']): string | undefined {
  if (login === undefined) return undefined;
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
}

/**
 * Reads the password, from the URL's `password-file` or the environment, and the certificates.
 * @throws FailureError if there is a user without a password, or a file can't be used
 */
export async function readAccess(place: InfluxDatabase, env: NodeJS.ProcessEnv): Promise<InfluxAccess> {
  const ca = await readAuthorities(place);
  const { user, passwordFile, shown } = place;
  if (user === null) return { login: undefined, ca };
  const password =
    passwordFile === undefined
      ? env[PASSWORD_VARIABLE]
      : await readSecretFile(passwordFile, `${shown}: password-file ${passwordFile}`);
  if (password === undefined || password === '')
    throw new FailureError(
      `${shown}: no password for user ${user}; put it into the environment as ${PASSWORD_VARIABLE} or name a file with ?password-file=PATH`,
    );
  return { login: { user, password }, ca };
}

/** The certificates of `ca-file`; undefined if none is named. */
export async function readAuthorities({
  caFile,
  shown,
}: Pick<InfluxDatabase, 'caFile' | 'shown'>): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  const what = `${shown}: ca-file ${caFile}`;
  const text = await readCertificates(caFile, what);
  try {
    // TLS itself would silently ignore a text that is no certificate, and trust nobody.
    new X509Certificate(text);
  } catch {
    throw new FailureError(`${what}: holds no certificate; give PEM`);
  }
  return text;
}
