import { randomBytes } from 'node:crypto';
import { MessageStream } from '../../src/tap/message-stream';
import { HEADER_BYTES, MAX_PAYLOAD_BYTES, encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';

const { magic } = NETWORKS.mainnet;

/** What a stream handed on, and how many bytes it counted as no message. */
function readStream(): {
  readonly stream: MessageStream;
  readonly messages: [string, string][];
  readonly counts: { none: number; broken: number };
  readonly violations: readonly string[];
} {
  const messages: [string, string][] = [];
  const violations: string[] = [];
  const counts = { none: 0, broken: 0 };
  const stream = new MessageStream(magic, {
    message: (command, payload, bytes) => {
      expect(bytes).toBe(HEADER_BYTES + payload.length);
      messages.push([command, payload.toString('latin1')]);
    },
    noMessage: (bytes) => (counts.none += bytes),
    broken: () => counts.broken++,
    violation: (reason) => violations.push(reason),
  });
  return { stream, messages, counts, violations };
}

/** Cuts bytes into pieces of 1 to `most` bytes. */
function* pieces(bytes: Buffer, most: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + Math.floor(Math.random() * most);
    yield bytes.subarray(at, end);
    at = end;
  }
}

const frame = (command: string, payload: string): Buffer =>
  encodeFrame(magic, command, Buffer.from(payload, 'latin1'));

/** A header that claims `length` bytes of payload. */
function header(length: number, command = 'block'): Buffer {
  const bytes = Buffer.from(frame(command, ''));
  bytes.writeUInt32LE(length, 16);
  return bytes;
}

it('finds the next message after bytes that are missing, wherever they begin and end', () => {
  const sent: [string, string][] = Array.from({ length: 30 }, (_, i) => [
    ['inv', 'tx', 'getcfheaders'][i % 3] ?? '',
    randomBytes(i * 7).toString('latin1'),
  ]);
  const frames = sent.map(([command, payload]) => frame(command, payload));
  const all = Buffer.concat(frames);
  const ends = frames.map((_, i) => frames.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
  for (let round = 0; round < 400; round++) {
    const { counts, messages, stream } = readStream();
    const from = Math.floor(Math.random() * all.length);
    const to = from + 1 + Math.floor(Math.random() * (all.length - from));
    for (const piece of pieces(all.subarray(0, from), 200)) stream.push(piece);
    stream.gap();
    for (const piece of pieces(all.subarray(to), 200)) stream.push(piece);
    stream.end();
    const whole = sent.filter((_, i) => {
      const end = ends[i] ?? 0;
      return end <= from || end - (frames[i]?.length ?? 0) >= to;
    });
    expect(messages).toEqual(whole);
    expect(counts.broken).toBe(1);
    const bytes = whole.reduce((sum, [, payload]) => sum + HEADER_BYTES + payload.length, 0);
    expect(counts.none).toBe(all.length - (to - from) - bytes);
  }
});

it.each([
  ['wrong-checksum', Buffer.concat([frame('tx', 'one').fill(7, 20, 24), frame('tx', 'two')])],
  ['wrong-magic', Buffer.concat([encodeFrame(1, 'tx', Buffer.from('one')), frame('tx', 'two')])],
  ['oversized-message', Buffer.concat([header(MAX_PAYLOAD_BYTES + 1), frame('tx', 'two')])],
])('goes on after a violation, %s, and counts what it passed over', (reason, bytes) => {
  for (const most of [1, 5, 1_000]) {
    const { counts, messages, stream, violations } = readStream();
    stream.push(frame('inv', 'zero'));
    for (const piece of pieces(bytes, most)) stream.push(piece);
    stream.push(frame('inv', 'three'));
    stream.end();
    expect(violations).toEqual([reason]);
    expect(counts.broken).toBe(0);
    expect(messages[0]).toEqual(['inv', 'zero']);
    expect(messages.at(-1)).toEqual(['inv', 'three']);
    const read = messages.reduce((sum, [, payload]) => sum + HEADER_BYTES + payload.length, 0);
    expect(read + counts.none).toBe(bytes.length + 2 * HEADER_BYTES + 'zerothree'.length);
  }
});

it.each([
  ['a command that is none', Buffer.concat([header(0, 'ab-c'), header(0, '')])],
  ['a command with letters behind its NULs', Buffer.from(frame('tx', '')).fill('x', 12, 13)],
  ['a magic alone', frame('tx', '').subarray(0, 4)],
  ['a header that claims what never comes', header(100)],
])('passes over %s in a search', (_name, bytes) => {
  for (const most of [1, 3, 1_000]) {
    const { counts, messages, stream } = readStream();
    stream.gap();
    const sent = Buffer.concat([bytes, frame('tx', 'payload'), frame('inv', 'x'.repeat(200))]);
    for (const piece of pieces(sent, most)) stream.push(piece);
    stream.end();
    expect(messages).toEqual([
      ['tx', 'payload'],
      ['inv', 'x'.repeat(200)],
    ]);
    expect(counts.none).toBe(bytes.length);
  }
});

it('takes headers in each other’s payload, each of which claims 4 MB, without a square cost', () => {
  const { counts, messages, stream } = readStream();
  stream.gap();
  // The search would hash 4 MB for each of 1,000,000 headers.
  const many = Buffer.concat(Array.from({ length: 10_000 }, () => header(MAX_PAYLOAD_BYTES - 24)));
  let sent = 0;
  for (let i = 0; i < 100; i++, sent += many.length) stream.push(many);
  stream.push(Buffer.alloc(MAX_PAYLOAD_BYTES));
  stream.push(frame('tx', 'found'));
  stream.push(frame('tx', 'read'));
  stream.end();
  sent += MAX_PAYLOAD_BYTES;
  expect(messages.at(-1)).toEqual(['tx', 'read']);
  const read = messages.reduce((sum, [, payload]) => sum + HEADER_BYTES + payload.length, 0);
  expect(read + counts.none).toBe(sent + 2 * HEADER_BYTES + 'foundread'.length);
});
