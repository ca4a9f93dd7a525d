import { ACK, FIN, type From, SYN, type TcpFields } from './tcp-packets';

/** A connection as it was, and as a capture has it. */
export interface ModelledConnection {
  /** What each side has sent. */
  readonly sent: Record<From, Buffer>;
  /** For each of these bytes whether the capture has it. */
  readonly captured: Record<From, Uint8Array>;
  /** The packets of the capture, in the order in which they were captured. */
  readonly packets: TcpFields[];
}

/** What happens to the packets of a modelled connection. */
export interface ModelOptions {
  /** Gives a whole number below its argument. */
  readonly random: (below: number) => number;
  /** Of 100 packets so many are missing in the capture. */
  readonly missing: number;
  readonly clientPort: number;
}

/** A packet on its way. Offsets count bytes of the stream. */
interface InFlight {
  readonly start: number;
  readonly end: number;
}

/** One side's stream. */
interface Half {
  readonly from: From;
  readonly bytes: Buffer;
  readonly captured: Uint8Array;
  readonly first: number;
  /** The next byte to send for the first time. */
  next: number;
  /** The receiver has everything before this one. */
  received: number;
  /** The bytes that the receiver has. */
  readonly has: Uint8Array;
  flight: InFlight[];
}

/**
 * Models a TCP connection that is captured beside its receivers: the network delays, loses and repeats
 * packets; senders send again what was not acknowledged, in other pieces; the capture misses some packets
 * and has others twice. A receiver acknowledges only what came before: so a capture never has an
 * acknowledgment before its cause. Of the packets of the handshake one may be missing, and of those of the
 * end one FIN.
 */
export function modelConnection({ random, missing, clientPort }: ModelOptions): ModelledConnection {
  const packets: TcpFields[] = [];
  const halves = { client: half('client', random), server: half('server', random) };
  const other = (side: Half): Half => halves[side.from === 'client' ? 'server' : 'client'];
  const log = (side: Half, offset: number, fields: TcpFields, isMissing: boolean): void => {
    if (isMissing) return;
    const peer = other(side);
    const entry: TcpFields = {
      from: side.from,
      sequence: side.first + offset,
      acknowledgment: peer.first + peer.received,
      clientPort,
      ...fields,
    };
    packets.push(entry);
    if (random(20) === 0) packets.push(entry);
  };
  const isMissing = (): boolean => random(100) < missing;

  const absent = missing > 0 ? random(6) : 6;
  log(halves.client, -1, { flags: SYN }, absent === 0);
  log(halves.server, -1, { flags: SYN | ACK }, absent === 1);
  log(halves.client, 0, {}, absent === 2);

  const isDone = (side: Half): boolean => side.received === side.bytes.length;
  while (!isDone(halves.client) || !isDone(halves.server)) {
    const side = random(2) === 0 ? halves.client : halves.server;
    if (random(3) === 0) send(side, random);
    else if (side.flight.length > 0) deliver(side);
    else resend(side, random);
  }

  function deliver(side: Half): void {
    const [piece] = side.flight.splice(random(Math.min(side.flight.length, 5)), 1);
    // What was received is not sent again, and a packet that the network loses is captured nowhere.
    if (piece === undefined || piece.start < side.received || random(10) === 0) return;
    const { start, end } = piece;
    const gone = isMissing();
    log(side, start, { payload: side.bytes.subarray(start, end) }, gone);
    if (!gone) side.captured.fill(1, start, end);
    side.has.fill(1, start, end);
    while (side.has[side.received] === 1) side.received++;
    if (random(3) !== 0) log(other(side), other(side).received, {}, isMissing());
  }

  const order = random(2) === 0 ? [halves.client, halves.server] : [halves.server, halves.client];
  const absentFin = missing > 0 ? random(5) : 5;
  for (const [i, side] of order.entries()) {
    log(side, side.bytes.length, { flags: ACK | FIN }, absentFin === i);
    side.received++;
    log(other(side), other(side).received, {}, false);
  }
  return {
    sent: { client: halves.client.bytes, server: halves.server.bytes },
    captured: { client: halves.client.captured, server: halves.server.captured },
    packets,
  };
}

function half(from: From, random: (below: number) => number): Half {
  const length = random(4_000);
  return {
    from,
    bytes: Buffer.from(Array.from({ length }, () => random(256))),
    captured: new Uint8Array(length),
    // Half of the streams wrap.
    first: random(2) === 0 ? random(0xffff_ffff) : 0x1_0000_0000 - random(2_000),
    next: 0,
    received: 0,
    has: new Uint8Array(length),
    flight: [],
  };
}

/** Sends bytes for the first time. */
function send(side: Half, random: (below: number) => number): void {
  const length = Math.min(1 + random(300), side.bytes.length - side.next);
  if (length === 0) return;
  side.flight.push({ start: side.next, end: side.next + length });
  side.next += length;
}

/** Sends again what the receiver lacks, in pieces of other lengths. */
function resend(side: Half, random: (below: number) => number): void {
  for (let at = side.received; at < side.next;) {
    const end = Math.min(at + 1 + random(400), side.next);
    side.flight.push({ start: at, end });
    at = end;
  }
}
