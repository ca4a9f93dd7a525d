import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { messageOf } from '../../lib/errors';
import { readNamedFile } from '../../lib/named-file';
import { type ControlClient, RefusedError } from './control-client';
import { ControlError } from './control-reader';

const COOKIE_BYTES = 32;
const NONCE_BYTES = 32;

/** Torspec `control-spec.txt` 3.24. */
const SERVER_KEY = 'Tor safe cookie authentication server-to-controller hash';
const CLIENT_KEY = 'Tor safe cookie authentication controller-to-server hash';

/**
 * Logs in at Tor's control port. Uses the password if there is one, and otherwise the cookie, which never
 * leaves this machine (SAFECOOKIE). Logs in without either if Tor wants none.
 * @throws ControlError of one line that says what would be right
 */
export async function authenticate(client: ControlClient, password: string | null): Promise<void> {
  const { cookieFile, methods } = readProtocolInfo(await client.ask('PROTOCOLINFO 1'));
  if (password !== null) {
    if (!methods.includes('HASHEDPASSWORD'))
      throw new ControlError('takes no password; leave it out, or give Tor a HashedControlPassword');
    await logIn(client, quoted(password), 'refuses the password');
  } else if (methods.includes('SAFECOOKIE') && cookieFile !== null) {
    await logIn(client, await cookieProof(client, cookieFile), `refuses the cookie ${cookieFile}`);
  } else if (methods.includes('NULL')) {
    await client.ask('AUTHENTICATE');
  } else {
    throw new ControlError('wants a password; give BTCDMON_TOR_PASSWORD or --tor-password-file');
  }
}

async function logIn(client: ControlClient, proof: string, refusal: string): Promise<void> {
  try {
    await client.ask(`AUTHENTICATE ${proof}`);
  } catch (error) {
    throw error instanceof RefusedError ? new ControlError(refusal) : error;
  }
}

/** Proves that we know the cookie, once Tor has proved it. */
async function cookieProof(client: ControlClient, file: string): Promise<string> {
  const cookie = await readCookie(file);
  const ours = randomBytes(NONCE_BYTES);
  const [line = ''] = await client.ask(`AUTHCHALLENGE SAFECOOKIE ${ours.toString('hex')}`);
  const [, hash, nonce] =
    /^AUTHCHALLENGE SERVERHASH=([0-9A-F]{64}) SERVERNONCE=([0-9A-F]{64})$/i.exec(line) ?? [];
  if (hash === undefined || nonce === undefined) throw new ControlError('answers AUTHCHALLENGE wrongly');
  const text = Buffer.concat([cookie, ours, Buffer.from(nonce, 'hex')]);
  const proofOf = (key: string): Buffer => createHmac('sha256', key).update(text).digest();
  if (!timingSafeEqual(proofOf(SERVER_KEY), Buffer.from(hash, 'hex')))
    throw new ControlError(`has another cookie than ${file}; is that the file of another Tor?`);
  return proofOf(CLIENT_KEY).toString('hex');
}

async function readCookie(file: string): Promise<Buffer> {
  const what = `cookie ${file}`;
  const right = `Tor's cookie, which has ${COOKIE_BYTES} bytes`;
  let bytes: Buffer;
  try {
    ({ bytes } = await readNamedFile(file, { what, right, maxBytes: COOKIE_BYTES }));
  } catch (error) {
    throw new ControlError(messageOf(error));
  }
  if (bytes.length !== COOKIE_BYTES) throw new ControlError(`${what}: is not ${right}`);
  return bytes;
}

/** How one may log in, from the lines of PROTOCOLINFO. */
export function readProtocolInfo(lines: readonly string[]): {
  readonly methods: readonly string[];
  readonly cookieFile: string | null;
} {
  const auth = lines.find((line) => line.startsWith('AUTH ')) ?? '';
  const [, methods = '', file] =
    /^AUTH METHODS=([A-Z,]{1,100})(?: COOKIEFILE="((?:[^"\\]|\\.){1,8192})")?/.exec(auth) ?? [];
  return { methods: methods.split(','), cookieFile: file === undefined ? null : unescaped(file) };
}

/** The text of a quoted string, which escapes as C does. Tor writes bytes beyond ASCII in octal. */
function unescaped(text: string): string {
  const bytes = text.replace(/\\([0-7]{1,3}|.)/g, (_, escape: string) =>
    /^[0-7]/.test(escape) ? String.fromCharCode(Number.parseInt(escape, 8) & 0xff) : escape,
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
