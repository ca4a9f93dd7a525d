import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { MAX_GARBAGE_BYTES } from '../../src/p2p/transport/v2';
import { MAX_PAYLOAD_BYTES } from '../../src/wire/framing';
import { Cleanup } from '../support/cleanup';
import type { ReceivedMessage } from '../support/fake-peer';
import {
  buildRustJudge,
  type EchoedConnection,
  type RunningJudge,
  rust,
  startAnswering,
  startDialling,
} from '../support/rust-judge';
import { TransportEnd } from '../support/transport-end';
import { until } from '../support/until';

/** Building the judge for the first time compiles libsecp256k1 and the crate bitcoin. */
const BUILD_MS = 600_000;
const PATIENCE_MS = 600_000;

/** Each length of garbage once. */
const CONNECTIONS = MAX_GARBAGE_BYTES + 1;
const LENGTHS = Array.from({ length: CONNECTIONS }, (_, length) => length);
const AT_ONCE = 32;

const ascending = (a: number, b: number): number => a - b;

/** Messages of a command of one byte, of a command in full, and without payload. */
const SHORT_TALK: readonly ReceivedMessage[] = [
  { command: 'ping', payload: randomBytes(8) },
  { command: 'sendtemplate', payload: randomBytes(33) },
  { command: 'verack', payload: Buffer.alloc(0) },
];

/** More messages than there are between two changes of keys (224), one of them as long as any can be. */
const LONG_TALK: readonly ReceivedMessage[] = [
  ...Array.from({ length: 1_000 }, (_, n) => ({
    command: n % 3 === 0 ? 'sendtemplate' : 'inv',
    payload: randomBytes(n),
  })),
  { command: 'block', payload: randomBytes(MAX_PAYLOAD_BYTES) },
];

rust.describe('the crate bip324, on the other end of a socket', (cargo) => {
  const cleanup = new Cleanup();
  let judge: string;

  beforeAll(() => (judge = buildRustJudge(cargo)), BUILD_MS);
  afterEach(() => cleanup.run());

  /** Sends messages to the judge, which returns them, and hangs up. */
  async function talk(end: TransportEnd, messages: readonly ReceivedMessage[]): Promise<void> {
    await end.isReady;
    for (const { command, payload } of messages) end.send(command, payload);
    expect(await end.receive(messages.length)).toEqual(messages);
    end.end();
  }

  /** Dials the judge, and talks. */
  async function dial(port: number, garbage: number, messages = SHORT_TALK): Promise<TransportEnd> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const end = new TransportEnd(socket, { isInitiator: true, garbage: randomBytes(garbage) });
    await talk(end, messages);
    return end;
  }

  /** Starts a server that talks with whoever dials; connection n has `garbageOf(n)` bytes of garbage. */
  async function serve(
    garbageOf: (connection: number) => number,
    messages = SHORT_TALK,
  ): Promise<{ readonly port: number; readonly ends: TransportEnd[]; readonly faults: unknown[] }> {
    const ends: TransportEnd[] = [];
    const faults: unknown[] = [];
    const server = createServer((socket: Socket) => {
      const garbage = randomBytes(garbageOf(ends.length));
      const end = new TransportEnd(socket, { isInitiator: false, garbage });
      ends.push(end);
      void talk(end, messages).catch((error: unknown) => faults.push(error));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanup.add(server, (it) => it.close());
    return { port: (server.address() as AddressInfo).port, ends, faults };
  }

  /** Compares what both sides counted, connection by connection. */
  async function expectEqual(
    ends: readonly TransportEnd[],
    { reports, errors }: RunningJudge<EchoedConnection>,
  ): Promise<void> {
    await until('all reports', () => reports.length + errors.length >= ends.length);
    expect(errors).toEqual([]);
    const ours = ends.map(({ session, written, in: bytes }) => ({ session, written, bytes }));
    const judged = reports.map(({ session, in: incoming, out }) => ({
      session,
      written: incoming.total,
      bytes: {
        total: out.total,
        handshake: out.handshake,
        decoys: out.decoyBytes,
        messages: Object.values(out.messages).reduce((sum, { bytes }) => sum + bytes, 0),
      },
    }));
    const bySession = (a: { session: string }, b: { session: string }): number =>
      a.session < b.session ? -1 : 1;
    expect(judged.sort(bySession)).toEqual(ours.sort(bySession));
  }

  it(
    'is dialled with garbage of every length both ways',
    async () => {
      const answering = cleanup.add(await startAnswering(judge, 'mainnet'), (it) => it.stop());
      const ends: TransportEnd[] = [];
      const left = [...LENGTHS];
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let length = left.pop(); length !== undefined; length = left.pop())
            ends.push(await dial(answering.port, length));
        }),
      );
      await expectEqual(ends, answering);
      expect(answering.reports.map((it) => it.in.garbage).sort(ascending)).toEqual(LENGTHS);
      expect(answering.reports.map((it) => it.out.garbage).sort(ascending)).toEqual(LENGTHS);
    },
    PATIENCE_MS,
  );

  it(
    'dials with garbage of every length both ways',
    async () => {
      const { port, ends, faults } = await serve((connection) => MAX_GARBAGE_BYTES - connection);
      const dialling = cleanup.add(startDialling(judge, 'mainnet', port, CONNECTIONS), (it) => it.stop());
      await dialling.ended;
      await expectEqual(ends, dialling);
      expect(faults).toEqual([]);
      expect(dialling.reports.map((it) => it.in.garbage).sort(ascending)).toEqual(LENGTHS);
      expect(dialling.reports.map((it) => it.out.garbage).sort(ascending)).toEqual(LENGTHS);
    },
    PATIENCE_MS,
  );

  it(
    'reads and writes what we do when it is dialled, over many changes of keys',
    async () => {
      const answering = cleanup.add(await startAnswering(judge, 'mainnet'), (it) => it.stop());
      await expectEqual([await dial(answering.port, 7, LONG_TALK)], answering);
    },
    PATIENCE_MS,
  );

  it(
    'reads and writes what we do when it dials, over many changes of keys',
    async () => {
      const { port, ends, faults } = await serve(() => 7, LONG_TALK);
      const dialling = cleanup.add(startDialling(judge, 'mainnet', port, 1), (it) => it.stop());
      await dialling.ended;
      await expectEqual(ends, dialling);
      expect(faults).toEqual([]);
    },
    PATIENCE_MS,
  );
});
