import { FailureError } from './errors';
import { readNamedFile } from './named-file';

/** Permission bits of everybody but the owner and the group. */
const OTHERS = 0o007;

/** Far above any token and any key. */
const MAX_SECRET_BYTES = 65_536;

/** Some systems have their certificates in a file of half a megabyte. */
const MAX_CERTIFICATE_BYTES = 8_000_000;

/**
 * Reads a password or token from a file: its first line.
 * @param what names the file in errors, such as `--token-file secrets/token`
 * @throws UsageError where it is no file; FailureError where it is missing, is empty, or is open to all users
 *   of the machine; never shows what is in it
 */
export async function readSecretFile(file: string, what: string): Promise<string> {
  const text = await readSecretText(file, what, 'a file whose first line is the secret');
  const [secret = ''] = text.split(/\r?\n/, 1);
  if (secret === '') throw new FailureError(`${what}: is empty; its first line must be the secret`);
  return secret;
}

/** The same for a secret of many lines; `right` is what would be right. */
export async function readSecretText(file: string, what: string, right: string): Promise<string> {
  const { bytes, mode } = await readNamedFile(file, { what, right, maxBytes: MAX_SECRET_BYTES });
  if ((mode & OTHERS) !== 0)
    throw new FailureError(
      `${what}: is open to all users of this machine (mode ${mode.toString(8)}); chmod 600 ${file}`,
    );
  return bytes.toString('utf8');
}

/**
 * Certificates (PEM) that are to be trusted, or are to be shown.
 * @param what names the file in errors
 * @throws UsageError where it is no file; FailureError where it is missing or holds none
 */
export async function readCertificates(file: string, what: string): Promise<string> {
  const right = 'a PEM file of certificates';
  const { bytes } = await readNamedFile(file, { what, right, maxBytes: MAX_CERTIFICATE_BYTES });
  const text = bytes.toString('utf8');
  // OpenSSL would take it for no certificate at all and trust nobody.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new FailureError(`${what}: holds no certificate; give PEM`);
  return text;
}
