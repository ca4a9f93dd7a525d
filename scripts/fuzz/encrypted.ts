import type { TransportSink } from '#dist/p2p/transport/transport';
import { EncryptedTransport, MAX_GARBAGE_BYTES } from '#dist/p2p/transport/v2';
import { MAX_PAYLOAD_BYTES } from '#dist/wire/framing';
import { NETWORKS } from '#dist/wire/networks';
import type { Random } from './mutate';

const MOST_MESSAGES = 4;

const { magic } = NETWORKS.mainnet;
const always = (): boolean => true;

/** Keeps what a transport writes and finds. */
class Keeper implements TransportSink {
  readonly found: Buffer[] = [];
  violations = 0;
  private written: Buffer[] = [];

  arrived(): void {
    // Counted by `message`.
  }

  message(_: string, payload: Buffer): void {
    this.found.push(payload);
  }

  overhead(kind: string, bytes: number): void {
    if (bytes <= 0) throw new Error(`${bytes} bytes of ${kind}`);
  }

  write(bytes: Buffer): void {
    this.written.push(bytes);
  }

  ready(): void {
    // The peer sends when it has all keys.
  }

  violation(): void {
    this.violations += 1;
  }

  take(): Buffer {
    return Buffer.concat(this.written.splice(0));
  }
}

/**
 * Passes messages through an encrypted connection in chunks, half of the time with a damaged bit somewhere.
 * The receiver must not throw, must return nothing but what was sent, and all of it where nothing was
 * damaged. The keys differ each time.
 */
export function readEncrypted(command: string, payload: Buffer, random: Random): void {
  if (payload.length > MAX_PAYLOAD_BYTES) return;
  const isDamaged = random(2) === 0;
  const isEarly = random(4) === 0;
  const [sent, received] = [new Keeper(), new Keeper()];
  const options = { magic, monotonicMs: () => 0 };
  const garbage = Buffer.alloc(random(MAX_GARBAGE_BYTES + 1), random(256));
  const from = new EncryptedTransport({ ...options, garbage, isInitiator: true }, sent);
  const to = new EncryptedTransport({ ...options, isInitiator: false }, received);
  let pushed = 0;
  const push = (bytes: Buffer, damages: boolean): void => {
    if (damages) {
      const at = random(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    }
    pushed += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random(bytes.length);
      to.add(bytes.subarray(at, end));
      to.run(always);
      at = end;
    }
    if (to.held > pushed) throw new Error(`${to.held} bytes are held of ${pushed}`);
  };
  from.open();
  push(sent.take(), isDamaged && isEarly);
  from.add(received.take());
  from.run(always);
  const count = 1 + random(MOST_MESSAGES);
  const frames = Array.from({ length: count }, () => from.encode(command, payload));
  push(Buffer.concat([sent.take(), ...frames]), isDamaged && !isEarly);
  if (received.found.some((found) => !found.equals(payload)))
    throw new Error(`an encrypted ${command} of other bytes`);
  if (received.violations > 1) throw new Error('a connection that ended twice');
  const isWhole = received.found.length === count && received.violations === 0;
  if (isWhole === isDamaged)
    throw new Error(`${received.found.length} of ${count} encrypted messages, damaged: ${String(isDamaged)}`);
}
