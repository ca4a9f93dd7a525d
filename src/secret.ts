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
  const [secret = ''] = text.split(/\r?\n/, 1);
  if (secret === '') throw new FailureError(`${what}: is empty; its first line must be the secret`);
  return secret;
}
