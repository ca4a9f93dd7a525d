import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FailureError, messageOf } from '../lib/errors';
import { readSecretFile } from '../lib/secret';
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

/**
 * Reads the password, from the URL's `password-file` or the environment, and the certificates.
 * @throws FailureError if there is a user without a password, or a file can't be used
 */
export async function readAccess(database: InfluxDatabase, env: NodeJS.ProcessEnv): Promise<InfluxAccess> {
  const ca = await readAuthorities(database);
  const { user, passwordFile, shown } = database;
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
  let text: string;
  try {
    text = await readFile(caFile, 'utf8');
  } catch (error) {
    throw new FailureError(`${shown}: ca-file ${caFile}: can't be read: ${messageOf(error)}`);
  }
  try {
    // TLS itself would silently ignore a text that is no certificate, and trust nobody.
    new X509Certificate(text);
  } catch {
    throw new FailureError(`${shown}: ca-file ${caFile}: holds no certificate in PEM`);
  }
  return text;
}
