import { Duplex } from 'node:stream';
import { SocksClient } from 'socks';
import { socksProblem } from '#dist/p2p/route/socks';
import type { Random } from './mutate';

/** What a proxy answers: no login; then a granted request with an IPv4 address, a name, an IPv6 address. */
const ANSWERS = [
  '0500 05000001 7f000001 208d',
  '0500 05000003 06 6e616d652e78 208d f9beb4d9',
  `0500 05000004 ${'20'.repeat(16)} 208d`,
  '0500 05050001 00000000 0000',
  '05ff',
].map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex'));

/**
 * Gives the package that speaks SOCKS5 the damaged answers of a proxy, in chunks. It must not throw, and must
 * tell its end once, in words that `socksProblem` knows.
 */
export function readSocksAnswers(payload: Buffer, random: Random): void {
  const answer = ANSWERS[random(ANSWERS.length)] ?? payload;
  const bytes = random(4) === 0 ? payload : Buffer.from(answer);
  if (random(2) === 0 && bytes.length > 0) {
    const at = random(Math.min(bytes.length, 12));
    bytes[at] = random(256);
  }
  const stream = new Duplex({ read: () => undefined, write: (_, __, done) => done() });
  const client = new SocksClient({
    proxy: { host: '127.0.0.1', port: 1, type: 5 },
    command: 'connect',
    destination: { host: 'node.example', port: 8333 },
    existing_socket: stream,
  });
  let ends = 0;
  client.on('established', () => ends++);
  client.on('error', (error: Error) => {
    ends++;
    const { message } = socksProblem(error.message, { login: null });
    if (message === '' || /[\n\r]/.test(message)) throw new Error(`the line ${JSON.stringify(message)}`);
  });
  client.connect(stream);
  for (let at = 0; at < bytes.length && at < 1_000;) {
    const end = at + 1 + random(bytes.length);
    stream.emit('data', bytes.subarray(at, end));
    at = end;
  }
  stream.destroy();
  if (ends > 1) throw new Error(`a SOCKS client that ended ${ends} times`);
}
