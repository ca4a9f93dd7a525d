import { setImmediate } from 'node:timers/promises';
import { ReadTurns, type Sender } from '../../../src/p2p/budget/read-turns';

/** A peer of which messages wait; each takes so many milliseconds of the clock that the test owns. */
class FakeSender implements Sender {
  waiting = 0;
  handled = 0;
  isNotReading = false;
  isPaused = false;
  ended = false;
  end = '';

  constructor(
    private readonly bench: Bench,
    readonly outbound: boolean,
    private readonly costMs: number,
  ) {}

  handle(mayGoOn: (bytes: number) => boolean): boolean {
    while (this.waiting > 0) {
      this.waiting--;
      this.handled++;
      this.bench.now += this.costMs;
      this.bench.order.push(this);
      if (!mayGoOn(4_096)) break;
    }
    return this.waiting > 0;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(reason: string): void {
    this.end = reason;
    this.ended = true;
    this.bench.turns.ended(this);
  }

  /** So many messages come; nothing does while the socket is paused. */
  send(messages: number): void {
    this.waiting += messages;
    this.bench.turns.arrived(this);
  }
}

class Bench {
  now = 0;
  readonly order: FakeSender[] = [];
  readonly turns = new ReadTurns({ monotonicMs: () => this.now });

  sender(options: { readonly outbound?: boolean; readonly costMs?: number } = {}): FakeSender {
    return new FakeSender(this, options.outbound ?? false, options.costMs ?? 1);
  }
}

const benches: Bench[] = [];
const bench = (): Bench => {
  const it = new Bench();
  benches.push(it);
  return it;
};
afterEach(() => {
  for (const { turns } of benches.splice(0)) turns.stop();
});

describe('the turns of peers', () => {
  it('handle at once what is little', () => {
    const it = bench();
    const peer = it.sender();
    peer.send(2);
    expect([peer.handled, peer.isPaused]).toEqual([2, false]);
  });

  it('break off what is much, hold its sender back, and go on until all is done', async () => {
    const it = bench();
    const peer = it.sender();
    peer.send(50);
    expect([peer.handled, peer.isPaused]).toEqual([4, true]);
    while (peer.waiting > 0) await setImmediate();
    expect([peer.handled, peer.isPaused]).toEqual([50, false]);
  });

  it('let a quiet peer in after at most a slice, whatever eight others send', async () => {
    const it = bench();
    const floods = Array.from({ length: 8 }, () => it.sender());
    const quiet = it.sender({ costMs: 0.02 });
    for (const flood of floods) flood.send(1_000);
    for (let i = 0; i < 100; i++) {
      const before = it.order.length;
      quiet.send(1);
      expect(it.order.slice(before).map((sender) => sender === quiet)).toEqual([true]);
      await setImmediate();
    }
    expect(quiet.isPaused).toBe(false);
  });

  it('give those who had much one round together in a turn of the loop, however many they are', async () => {
    const it = bench();
    const floods = Array.from({ length: 60 }, () => it.sender());
    for (const flood of floods) flood.send(1_700);
    // Until each has had its first 40 ms, which are handled as anybody's.
    while (floods.some(({ handled }) => handled < 44)) await setImmediate();
    const kept = it.sender({ outbound: true });
    kept.send(400);
    const begun = it.order.length;
    for (let i = 0; i < 50; i++) {
      const before = it.order.length;
      await setImmediate();
      expect(it.order.slice(before).filter((sender) => sender === kept)).toHaveLength(4);
    }
    // A slice of the kept peer, a round, and what becomes of 5 ms in a second for each of the 60.
    expect(it.order.length - begun).toBeLessThan(50 * (4 + 8 + 4) * 1.5);
    const counts = floods.map(({ handled }) => handled);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(8);
  });

  it('finish a message that takes long, and then let others come first', async () => {
    const it = bench();
    const dear = it.sender({ costMs: 300 });
    const quiet = it.sender();
    dear.send(4);
    expect(dear.handled).toBe(1);
    quiet.send(1);
    expect(it.order.map((sender) => sender === dear)).toEqual([true, false]);
    await setImmediate();
    expect(dear.handled).toBe(2);
  });

  it('let a peer rest that has used its time, and handle the remainder as its time returns', async () => {
    const it = bench();
    const flood = it.sender();
    flood.send(100_000);
    for (let i = 0; i < 5_000; i++) await setImmediate();
    // Two seconds, and a quarter of each second that passed meanwhile.
    expect(flood.handled).toBeGreaterThan(2_000);
    expect(flood.handled).toBeLessThan(2_700);
    expect(flood.isPaused).toBe(true);
    const { handled } = flood;
    it.now += 1_000;
    while (flood.handled === handled) await setImmediate();
  });

  it('never let a peer rest that we have dialled', async () => {
    const it = bench();
    const kept = it.sender({ outbound: true });
    kept.send(10_000);
    while (kept.waiting > 0) await setImmediate();
    expect(kept.isPaused).toBe(false);
  });

  it('hold back whoever does not read, until it has read', async () => {
    const it = bench();
    const deaf = it.sender({ costMs: 0 });
    deaf.isNotReading = true;
    deaf.send(10);
    await setImmediate();
    expect([deaf.handled, deaf.isPaused]).toEqual([1, true]);
    deaf.isNotReading = false;
    it.turns.drained(deaf);
    await setImmediate();
    expect([deaf.handled, deaf.isPaused]).toEqual([10, false]);
  });

  it('end whoever does not read for a minute', () => {
    const it = bench();
    const deaf = it.sender({ costMs: 0 });
    deaf.isNotReading = true;
    deaf.send(1);
    it.now = 60_000;
    it.turns.tick();
    expect(deaf.end).toBe('');
    it.now = 60_001;
    it.turns.tick();
    expect(deaf.end).toBe('not-reading');
  });

  it('tell whose message is handled, also to what it causes', async () => {
    const it = bench();
    const seen: (Sender | null)[] = [];
    const peer = it.sender();
    const handle = peer.handle.bind(peer);
    peer.handle = (mayGoOn) => {
      seen.push(it.turns.current);
      return handle(mayGoOn);
    };
    peer.send(8);
    seen.push(it.turns.current);
    await setImmediate();
    expect(seen.slice(0, 3)).toEqual([peer, null, peer]);
  });

  it('forget whoever has ended', async () => {
    const it = bench();
    const peer = it.sender();
    peer.send(100);
    peer.close('stopped');
    const { handled } = peer;
    await setImmediate();
    expect(peer.handled).toBe(handled);
  });
});
