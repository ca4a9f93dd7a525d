import { FailureError } from './errors';
import { readNamedFile } from './named-file';

/** The permission bits of all users but the owner and the group. */
const OTHERS = 0o007;

/** Longer than any token or key. */
const MAX_SECRET_BYTES = 65_536;

/** Some systems have their certificates in one file of half a megabyte. */
const MAX_CERTIFICATE_BYTES = 8_000_000;

/**
 * Reads a password or token: the first line of a file.
 * @param what the file as errors name it, such as `--token-file secrets/token`
 * @throws UsageError where it is no file; FailureError where it is missing, is empty, or is open to all users
 *   of the machine. No error shows its content.
 */
export async function readSecretFile(file: string, what: string): Promise<string> {
  const text = await readSecretText(file, what, 'a file whose first line is the secret');
  const [secret = ''] = text.split(/\r?\n/, 1);
  if (secret === '') throw new FailureError(`${what}: is empty; its first line must be the secret`);
  return secret;
}

/** Reads a secret of many lines, with the same checks. `right` says what kind of file would be right. */
export async function readSecretText(file: string, what: string, right: string): Promise<string> {
  const { bytes, mode } = await readNamedFile(file, { what, right, maxBytes: MAX_SECRET_BYTES });
  if ((mode & OTHERS) !== 0)
    throw new FailureError(
      `${what}: is open to all users of this machine (mode ${mode.toString(8)}); chmod 600 ${file}`,
    );
  return bytes.toString('utf8');
}

/**
 * Reads certificates (PEM), those to trust or those to present.
 * @param what the file as errors name it
 * @throws UsageError where it is no file; FailureError where it is missing or holds no certificate
 */
export async function readCertificates(file: string, what: string): Promise<string> {
  const right = 'a PEM file of certificates';
  const { bytes } = await readNamedFile(file, { what, right, maxBytes: MAX_CERTIFICATE_BYTES });
  const text = bytes.toString('utf8');
  // OpenSSL would read such a file as an empty list and trust nobody.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new FailureError(`${what}: holds no certificate; give PEM`);
  return text;
}
