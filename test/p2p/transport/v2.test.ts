import { randomBytes } from 'node:crypto';
import { EphemeralKey } from '../../../src/p2p/transport/key-exchange';
import { LengthCipher, PacketCipher } from '../../../src/p2p/transport/cipher';
import type { TransportSink } from '../../../src/p2p/transport/transport';
import { EncryptedTransport, MAX_GARBAGE_BYTES } from '../../../src/p2p/transport/v2';
import { COMMANDS } from '../../../src/wire/commands';
import { NETWORKS } from '../../../src/wire/networks';

const { magic } = NETWORKS.regtest;
const EMPTY = Buffer.alloc(0);
const always = (): boolean => true;

class Recorder implements TransportSink {
  readonly counted: [string, number][] = [];
  readonly messages: [string, Buffer][] = [];
  readonly violations: string[] = [];
  readonly bytes = { handshake: 0, decoy: 0 };
  written = EMPTY;
  isReady = false;

  arrived(command: string, bytes: number): void {
    this.counted.push([command, bytes]);
  }

  message(command: string, payload: Buffer): void {
    this.messages.push([command, Buffer.from(payload)]);
  }

  overhead(kind: 'handshake' | 'decoy', bytes: number): void {
    this.bytes[kind] += bytes;
  }

  write(bytes: Buffer): void {
    this.written = Buffer.concat([this.written, bytes]);
  }

  ready(): void {
    this.isReady = true;
  }

  violation(reason: string): void {
    this.violations.push(reason);
  }

  /** What was written since the last call. */
  take(): Buffer {
    const { written } = this;
    this.written = EMPTY;
    return written;
  }
}

interface Side {
  readonly sink: Recorder;
  readonly transport: EncryptedTransport;
  /** Passes bytes to it, in chunks of this many. */
  push(bytes: Buffer, chunk?: number): void;
}

let nowMs = 0;
beforeEach(() => (nowMs = 0));

function side(isInitiator: boolean, garbage: Buffer = EMPTY, network = magic): Side {
  const sink = new Recorder();
  const monotonicMs = (): number => nowMs;
  const transport = new EncryptedTransport({ isInitiator, magic: network, monotonicMs, garbage }, sink);
  transport.open();
  return {
    sink,
    transport,
    push: (bytes, chunk = Infinity) => {
      for (let at = 0; at < bytes.length; at += chunk) {
        transport.add(bytes.subarray(at, at + chunk));
        transport.run(always);
      }
    },
  };
}

/** Two sides that have exchanged keys. */
function pair(garbage: readonly [Buffer, Buffer] = [EMPTY, EMPTY], chunk?: number): [Side, Side] {
  const [initiator, responder] = [side(true, garbage[0]), side(false, garbage[1])];
  responder.push(initiator.sink.take(), chunk);
  initiator.push(responder.sink.take(), chunk);
  responder.push(initiator.sink.take(), chunk);
  return [initiator, responder];
}

/** A responder, and the other side of it, which can do what ours never does. */
function hostile(garbage = EMPTY) {
  const responder = side(false);
  const key = EphemeralKey.create();
  responder.push(Buffer.concat([key.encoded, garbage]));
  const { send } = key.secretsWith(responder.sink.take().subarray(0, 64), true, magic);
  const lengths = new LengthCipher(send.lengthKey);
  const packets = new PacketCipher(send.packetKey);
  const seal = (
    contents: Buffer,
    { flags = 0, associated = EMPTY, length = contents.length } = {},
  ): Buffer => {
    const hidden = Buffer.alloc(3);
    hidden.writeUIntLE(lengths.apply(length), 0, 3);
    return Buffer.concat([hidden, ...packets.seal(Buffer.of(flags), contents, associated)]);
  };
  return { responder, seal, terminator: send.garbageTerminator };
}

/** The same, after the key exchange. */
function greeted() {
  const { responder, seal, terminator } = hostile();
  responder.push(Buffer.concat([terminator, seal(EMPTY)]));
  return { responder, seal };
}

describe('two sides', () => {
  it.each([0, 1, 15, 16, 17, 63, 64, 1_000, 4_094, MAX_GARBAGE_BYTES])(
    'exchange keys with %d bytes of garbage, and account for each byte',
    (length) => {
      const [initiator, responder] = pair([randomBytes(length), randomBytes(MAX_GARBAGE_BYTES - length)]);
      for (const { sink, transport } of [initiator, responder]) {
        expect(sink.isReady && transport.isReady).toBe(true);
        expect([sink.violations, sink.messages, transport.held]).toEqual([[], [], 0]);
      }
      expect(initiator.sink.bytes).toEqual({
        handshake: 64 + MAX_GARBAGE_BYTES - length + 16 + 20,
        decoy: 0,
      });
      expect(responder.sink.bytes).toEqual({ handshake: 64 + length + 16 + 20, decoy: 0 });
      expect(initiator.transport.sessionId).toHaveLength(32);
      expect(initiator.transport.sessionId).toEqual(responder.transport.sessionId);
    },
  );

  it('exchange keys byte by byte', () => {
    const [initiator, responder] = pair([randomBytes(300), randomBytes(300)], 1);
    responder.push(initiator.transport.encode('ping', Buffer.alloc(8, 3)), 1);
    expect(responder.sink.messages).toEqual([['ping', Buffer.alloc(8, 3)]]);
    expect(initiator.sink.violations).toEqual([]);
  });

  it('pass each command and 1,000 messages both ways, whatever the chunks', () => {
    const [initiator, responder] = pair();
    const sent = [...COMMANDS.filter(({ length }) => length <= 12), 'a', 'x'.repeat(12)].map(
      (command, n): [string, Buffer] => [command, randomBytes(n * 37)],
    );
    for (let n = 0; sent.length < 1_000; n++) sent.push(['inv', randomBytes(n % 100)]);
    for (const [from, to, chunk] of [
      [initiator, responder, 1_460],
      [responder, initiator, 7],
    ] as const) {
      const frames = sent.map(([command, payload]) => from.transport.encode(command, payload));
      to.push(Buffer.concat(frames), chunk);
      expect(to.sink.messages).toEqual(sent);
      expect(to.sink.counted).toEqual(sent.map(([command], n) => [command, frames[n]?.length]));
      expect(to.sink.violations).toEqual([]);
    }
  });

  it('write a known command as one byte, and another one as 13', () => {
    const [{ transport }] = pair();
    const lengths = ['ping', 'addrv2', 'version', 'sendaddrv2', 'x'].map(
      (command) => transport.encode(command, EMPTY).length,
    );
    expect(lengths).toEqual([21, 21, 33, 33, 33]);
  });

  it('of two networks find no terminator', () => {
    const [initiator, responder] = [side(true), side(false, EMPTY, NETWORKS.mainnet.magic)];
    responder.push(initiator.sink.take());
    initiator.push(responder.sink.take());
    responder.push(initiator.sink.take());
    expect([initiator.sink.bytes, responder.sink.bytes]).toEqual([
      { handshake: 64, decoy: 0 },
      { handshake: 64, decoy: 0 },
    ]);
    responder.push(randomBytes(MAX_GARBAGE_BYTES));
    expect(responder.sink.violations).toEqual(['no-garbage-terminator']);
  });

  it('stop after a message if they may not go on, and say that more is left', () => {
    const [{ transport: from }, { transport: to, sink }] = pair();
    to.add(Buffer.concat([from.encode('ping', EMPTY), from.encode('pong', EMPTY), from.encode('tx', EMPTY)]));
    expect([to.run(() => false), to.run(() => false), to.run(() => false)]).toEqual([true, true, false]);
    expect(sink.messages.map(([command]) => command)).toEqual(['ping', 'pong', 'tx']);
  });
});

it('hands on a message that is prepared in parts after the last part, and what follows it after that', () => {
  const [{ transport: from }, { transport: to, sink }] = pair();
  let parts = 0;
  Object.assign(sink, {
    prepare: (command: string) => (command !== 'block' || (parts += 1) === 3 ? 'done' : 'part'),
  });
  const [block, ping] = [from.encode('block', Buffer.alloc(9)), from.encode('ping', EMPTY)];
  to.add(Buffer.concat([block, ping]));
  const seen: unknown[] = [];
  for (let isMore = true; isMore;) {
    isMore = to.run(() => false);
    seen.push([parts, sink.messages.map(([command]) => command).join()]);
  }
  expect(seen).toEqual([
    [1, ''],
    [2, ''],
    [3, 'block'],
    [3, 'block,ping'],
  ]);
  expect(sink.counted).toEqual([
    ['block', block.length],
    ['ping', ping.length],
  ]);
});

it('ends the run at a message that has to wait', () => {
  const [{ transport: from }, { transport: to, sink }] = pair();
  let calls = 0;
  Object.assign(sink, {
    prepare: (command: string) => (command === 'tx' && (calls += 1) < 3 ? 'wait' : 'done'),
  });
  to.add(Buffer.concat(['ping', 'tx', 'pong'].map((command) => from.encode(command, EMPTY))));
  expect(to.run(() => true)).toBe(true);
  expect(sink.messages.map(([command]) => command)).toEqual(['ping']);
  expect(to.run(() => true)).toBe(false);
  expect(sink.messages.map(([command]) => command)).toEqual(['ping', 'tx', 'pong']);
});

describe('a peer that knows more than we', () => {
  it('may send decoys before its version packet and between messages, each counted', () => {
    const garbage = randomBytes(50);
    const { responder, seal, terminator } = hostile(garbage);
    const first = seal(Buffer.alloc(10), { flags: 0x80, associated: garbage });
    const second = seal(EMPTY, { flags: 0x80 });
    const version = seal(Buffer.from('whatever the future brings'));
    const third = seal(Buffer.alloc(5_000), { flags: 0xff });
    const message = seal(Buffer.of(18, 1, 2, 3));
    responder.push(Buffer.concat([terminator, first, second, version, third, message]), 11);
    expect(responder.sink.violations).toEqual([]);
    expect(responder.sink.bytes).toEqual({
      handshake: 64 + garbage.length + 16 + version.length,
      decoy: first.length + second.length + third.length,
    });
    expect(responder.sink.messages).toEqual([['ping', Buffer.of(1, 2, 3)]]);
    expect(responder.sink.counted).toEqual([['ping', message.length]]);
  });

  it.each([
    ['no contents', EMPTY, EMPTY],
    ['an unknown id', Buffer.of(29, 9), Buffer.of(9)],
    ['the last id', Buffer.of(255, 9), Buffer.of(9)],
    ['half a command', Buffer.from('\0versi', 'latin1'), EMPTY],
  ])('may send a packet with %s, which is counted as an unknown message', (_, contents, payload) => {
    const { responder, seal } = greeted();
    responder.push(seal(contents));
    expect(responder.sink.violations).toEqual([]);
    const [[command, bytes] = ['', 0]] = responder.sink.counted;
    expect(bytes).toBe(contents.length + 20);
    expect(COMMANDS as readonly string[]).not.toContain(command);
    expect(responder.sink.messages.map(([, it]) => it)).toEqual([payload]);
  });
});

describe('a hostile peer', () => {
  it.each([1, 4_111, 100])('sends garbage without a terminator, in chunks of %d', (chunk) => {
    const { responder } = hostile();
    responder.push(randomBytes(MAX_GARBAGE_BYTES + 15), chunk);
    expect([responder.sink.violations, responder.transport.held]).toEqual([[], MAX_GARBAGE_BYTES + 15]);
    responder.push(randomBytes(1));
    expect([responder.sink.violations, responder.transport.held]).toEqual([['no-garbage-terminator'], 0]);
  });

  it('sends a terminator after too much garbage', () => {
    const { responder, terminator } = hostile();
    responder.push(Buffer.concat([randomBytes(MAX_GARBAGE_BYTES + 1), terminator]));
    expect(responder.sink.violations).toEqual(['no-garbage-terminator']);
  });

  it('sends a wrong tag, or a version packet that does not authenticate its garbage', () => {
    const { responder, seal } = greeted();
    const packet = seal(Buffer.of(18));
    packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 1;
    responder.push(packet);
    expect([responder.sink.violations, responder.sink.messages]).toEqual([['wrong-tag'], []]);

    const other = hostile(Buffer.of(1));
    other.responder.push(Buffer.concat([other.terminator, other.seal(EMPTY)]));
    expect(other.responder.sink.violations).toEqual(['wrong-tag']);
  });

  it.each([2 ** 24 - 1, 4_000_014])('claims a packet of %d bytes', (length) => {
    const { responder, seal } = greeted();
    responder.push(seal(EMPTY, { length }).subarray(0, 3));
    expect([responder.sink.violations, responder.transport.held]).toEqual([['oversized-message'], 0]);
  });

  it('never ends a packet of 4,000,013 bytes: only what came is held', () => {
    const { responder, seal } = greeted();
    responder.push(Buffer.concat([seal(EMPTY, { length: 4_000_013 }).subarray(0, 3), Buffer.alloc(5_000)]));
    expect([responder.sink.violations, responder.transport.held]).toEqual([[], 5_000]);
  });

  it('sends decoys for ever', () => {
    const { responder, seal } = greeted();
    let sent = 0;
    while (responder.sink.violations.length === 0 && sent < 100_000) {
      responder.push(seal(EMPTY, { flags: 0x80 }));
      sent += 1;
    }
    expect([responder.sink.violations, sent]).toEqual([['decoy-flood'], 50_001]);
  });

  it('sends decoys that stay below the limit', () => {
    const { responder, seal } = greeted();
    for (let second = 0; second < 100; second++) {
      nowMs += 1_000;
      for (let n = 0; n < 800; n++) responder.push(seal(EMPTY, { flags: 0x80 }));
    }
    expect(responder.sink.violations).toEqual([]);
  });
});
