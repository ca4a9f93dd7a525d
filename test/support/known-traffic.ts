import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** A connection that was made, and what each side has sent. */
export interface KnownConnection {
  readonly clientPort: number;
  readonly sent: { readonly client: Buffer; readonly server: Buffer };
  readonly end: 'fin' | 'reset';
}

/** One that is under way. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A server on a port of its own, and connections to it whose bytes are known. */
export class KnownTraffic {
  /** The ports from which connections came. */
  private readonly used = new Set<number>();

  private constructor(
    private readonly server: Server,
    readonly host: string,
    readonly port: number,
  ) {}

  static async start(host: string): Promise<KnownTraffic> {
    const server = createServer({ allowHalfOpen: true }).listen(0, host);
    await once(server, 'listening');
    return new KnownTraffic(server, host, (server.address() as AddressInfo).port);
  }

  /** Makes a connection and ends it. */
  async probe(): Promise<void> {
    await end(await this.dial(), 'client');
  }

  /**
   * Makes connections one after the other, has all of them carry bytes at the same time, and ends them one
   * after the other: so packets of a beginning or an end stand together in a capture.
   * @param sizes for each connection how many bytes the client sends, and how many the server; the last one
   * ends with a reset, and the server of the first does not read for a while
   */
  async run(sizes: readonly (readonly [number, number])[]): Promise<KnownConnection[]> {
    const pairs: Pair[] = [];
    while (pairs.length < sizes.length) pairs.push(await this.dial());
    const known = await Promise.all(
      pairs.map(async ({ client, server }, i) => {
        const [fromClient = 0, fromServer = 0] = sizes[i] ?? [];
        const sent = { client: randomBytes(fromClient), server: randomBytes(fromServer) };
        const slow = i === 0 ? 1_500 : 0;
        await Promise.all([
          write(client, sent.client),
          write(server, sent.server),
          receive(client, sent.server.length, 0),
          receive(server, sent.client.length, slow),
        ]);
        const end: KnownConnection['end'] = i === sizes.length - 1 ? 'reset' : 'fin';
        return { clientPort: client.localPort ?? 0, sent, end };
      }),
    );
    // The last acknowledgments may be delayed by 40 ms.
    await sleep(300);
    for (const [i, pair] of pairs.entries()) {
      await end(pair, known[i]?.end === 'reset' ? 'reset' : i % 2 === 0 ? 'client' : 'server');
      await sleep(50);
    }
    return known;
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** Connects, from a port that was not used before. */
  private async dial(): Promise<Pair> {
    for (;;) {
      const accepted = once(this.server, 'connection') as Promise<[Socket]>;
      const client = connect({ port: this.port, host: this.host, allowHalfOpen: true });
      await once(client, 'connect');
      const [server] = await accepted;
      const pair = { client: client.setNoDelay(), server: server.setNoDelay() };
      const { localPort = 0 } = client;
      const isNew = !this.used.has(localPort);
      this.used.add(localPort);
      if (isNew) return pair;
      await end(pair, 'client');
    }
  }
}

/** Ends a connection: one side first and the other one then, or by a reset. */
async function end({ client, server }: Pair, by: 'client' | 'server' | 'reset'): Promise<void> {
  const closed = [client, server].map((socket) => {
    // A reset is an error to the other side.
    socket.on('error', () => undefined).resume();
    return new Promise((resolve) => socket.once('close', resolve));
  });
  const [first, second] = by === 'server' ? [server, client] : [client, server];
  if (by === 'reset') {
    client.resetAndDestroy();
  } else {
    second.once('end', () => second.end());
    first.end();
  }
  await Promise.all(closed);
}

/** Writes bytes in pieces of all sizes. */
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const end = at + randomInt(1, randomInt(2) === 0 ? 300 : 100_000);
    if (!socket.write(bytes.subarray(at, end))) await once(socket, 'drain');
    at = end;
    if (randomInt(4) === 0) await sleep(1);
  }
}

/** Reads as many bytes as are promised, from `afterMs` on. */
async function receive(socket: Socket, length: number, afterMs: number): Promise<void> {
  await sleep(afterMs);
  let left = length;
  const done = new Promise<void>((resolve) => {
    const check = (): void => {
      if (left <= 0) resolve();
    };
    socket.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      check();
    });
    check();
  });
  await done;
}
