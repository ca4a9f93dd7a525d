import { readFile, stat } from 'node:fs/promises';
import { FailureError, messageOf } from './errors';

/** Permission bits of everybody but the owner and the group. */
const OTHERS = 0o007;

/**
 * Reads a password or token from a file: its first line.
 * @param what names the file in errors, such as `--token-file secrets/token`
 * @throws FailureError where the file is missing, is empty, or is open to all users of the machine; never shows what is in it
 */
export async function readSecretFile(file: string, what: string): Promise<string> {
  const [secret = ''] = (await readSecretText(file, what)).split(/\r?\n/, 1);
  if (secret === '') throw new FailureError(`${what}: is empty; its first line must be the secret`);
  return secret;
}

/** The same for a secret of many lines. */
export async function readSecretText(file: string, what: string): Promise<string> {
  let text: string;
  let mode: number;
  try {
    ({ mode } = await stat(file));
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new FailureError(`${what}: can't be read: ${messageOf(error)}`);
  }
  if ((mode & OTHERS) !== 0)
    throw new FailureError(
      `${what}: is open to all users of this machine (mode ${(mode & 0o777).toString(8)}); chmod 600 ${file}`,
    );
  return text;
}

/**
 * Certificates (PEM) that are to be trusted.
 * @param what names the file in errors
 * @throws FailureError where the file is missing or holds none
 */
export async function readCertificates(file: string, what: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new FailureError(`${what}: can't be read: ${messageOf(error)}`);
  }
  // OpenSSL would take it for no certificate at all and trust nobody.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new FailureError(`${what}: holds no certificate; give PEM`);
  return text;
}
