import { SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import type { P2PEvents } from '../../src/p2p/p2p-events';
import { prepareJoin } from '../../src/p2p/join/prepare-join';
import { Pool } from '../../src/p2p/pool';
import type { TransportMode } from '../../src/p2p/transport/choice';
import { NO_COMPACT } from './compact';
import { freePort } from './free-port';

/** Bytes of all connections by what they are, of one direction. */
export interface ByteCounts {
  socket: number;
  handshake: number;
  decoys: number;
  messages: number;
}

/** A listener on regtest that counts bytes. */
export interface TransportListener {
  /** Where it accepts peers. */
  readonly port: number;
  readonly bus: EventBus<P2PEvents>;
  readonly in: ByteCounts;
  readonly out: ByteCounts;
  /** The transports of the complete handshakes, in order. */
  readonly handshakes: string[];
  /** Why connections ended. */
  readonly ends: string[];
  readonly violations: string[];
  readonly banned: () => number;
  stop(): Promise<void>;
}

/** Starts a listener that accepts peers, and dials these ports of 127.0.0.1. */
export async function startTransportListener(
  transport: TransportMode,
  connect: readonly number[] = [],
): Promise<TransportListener> {
  const port = await freePort();
  const join = await prepareJoin(
    { peers: 0, maxInbound: 50, listen: { host: '127.0.0.1', port } },
    { network: 'regtest', hasPeers: false, log: { info: () => undefined, warn: () => undefined } },
  );
  const bus = new EventBus<P2PEvents>();
  const listener = {
    ...{ port, bus, handshakes: [] as string[], ends: [] as string[], violations: [] as string[] },
    in: { socket: 0, handshake: 0, decoys: 0, messages: 0 },
    out: { socket: 0, handshake: 0, decoys: 0, messages: 0 },
  };
  bus.on('bytesRead', ({ bytes }) => (listener.in.socket += bytes));
  bus.on('bytesWritten', ({ bytes }) => (listener.out.socket += bytes));
  bus.on('received', ({ bytes }) => (listener.in.messages += bytes));
  bus.on('sent', ({ bytes }) => (listener.out.messages += bytes));
  bus.on('overhead', ({ kind, read, written }) => {
    const what = kind === 'decoy' ? 'decoys' : kind;
    listener.in[what] += read;
    listener.out[what] += written;
  });
  bus.on('handshake', ({ peer }) => listener.handshakes.push(peer.transport ?? ''));
  bus.on('disconnected', ({ reason }) => listener.ends.push(reason));
  bus.on('violation', ({ reason }) => listener.violations.push(reason));
  const pool = new Pool(
    {
      ...{ network: 'regtest', userAgent: '/test/', wtxidRelay: true, txPerSecond: 100, transport, join },
      connect: connect.map((to) => ({ host: '127.0.0.1', port: to })),
    },
    {
      ...{ bus, clock: new SystemClock(), ...NO_COMPACT, reportUnreachable: () => undefined },
      fault: (error) => {
        throw error;
      },
    },
  );
  pool.start();
  return { ...listener, banned: () => pool.addresses.banned, stop: () => pool.stop() };
}
