import { setImmediate } from 'node:timers/promises';
import { ReadTurns } from '../../../src/p2p/budget/read-turns';
import type { Sender } from '../../../src/p2p/budget/sender';

/** A peer with waiting messages; each takes this many milliseconds of the test's clock. */
class FakeSender implements Sender {
  waiting = 0;
  handled = 0;
  isNotReading = false;
  isPaused = false;
  ended = false;
  end = '';
  /** Whether it sends blocks that we asked for; and headers. */
  isAsked = false;
  sendsHeaders = false;

  constructor(
    private readonly bench: Bench,
    readonly outbound: boolean,
    private readonly costMs: number,
    readonly isNamed: boolean,
  ) {}

  handle(mayGoOn: (bytes: number) => boolean): boolean {
    while (this.waiting > 0) {
      this.waiting--;
      this.handled++;
      this.bench.run(this.costMs);
      this.bench.order.push(this);
      if (this.isAsked) this.bench.turns.solicited();
      if (this.sendsHeaders) this.bench.turns.headersSolicited();
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

  /** This many messages come; none do while the socket is paused. */
  send(messages: number): void {
    this.waiting += messages;
    this.bench.turns.arrived(this);
  }
}

class Bench {
  now = 0;
  readonly order: FakeSender[] = [];
  readonly turns: ReadTurns;
  private processor = 0;
  private waited = 0;

  /** @param share the part of a processor that other programs leave */
  constructor(private readonly share = 1) {
    this.turns = new ReadTurns({
      monotonicMs: () => this.now,
      ...(share < 1 && { processorMs: () => this.processor, waitedMs: () => this.waited }),
    });
  }

  /** The program uses so much processor time. */
  run(ms: number): void {
    this.now += ms / this.share;
    this.processor += ms;
    this.waited += ms / this.share - ms;
  }

  sender(
    options: { readonly outbound?: boolean; readonly isNamed?: boolean; readonly costMs?: number } = {},
  ): FakeSender {
    const { outbound = false, isNamed = outbound, costMs = 1 } = options;
    return new FakeSender(this, outbound, costMs, isNamed);
  }
}

const benches: Bench[] = [];
const bench = (share?: number): Bench => {
  const it = new Bench(share);
  benches.push(it);
  return it;
};
afterEach(() => {
  for (const { turns } of benches.splice(0)) turns.stop();
});

describe('the turns of peers', () => {
  it('handle a few messages at once', () => {
    const it = bench();
    const peer = it.sender();
    peer.send(2);
    expect([peer.handled, peer.isPaused]).toEqual([2, false]);
  });

  it('interrupt many messages, pause their sender, and continue until all are handled', async () => {
    const it = bench();
    const peer = it.sender();
    peer.send(50);
    expect([peer.handled, peer.isPaused]).toEqual([4, true]);
    while (peer.waiting > 0) await setImmediate();
    expect([peer.handled, peer.isPaused]).toEqual([50, false]);
  });

  it('serve a quiet peer after at most a slice, whatever eight others send', async () => {
    const it = bench();
    const floods = Array.from({ length: 8 }, () => it.sender());
    const quiet = it.sender({ costMs: 0.02 });
    for (const flood of floods) flood.send(1_000);
    for (let i = 0; i < 100; i++) {
      await setImmediate();
      const before = it.order.length;
      quiet.send(1);
      expect(it.order.slice(before).map((sender) => sender === quiet)).toEqual([true]);
    }
    expect(quiet.isPaused).toBe(false);
  });

  it('give all peers that used much time one round in a turn of the loop', async () => {
    const it = bench();
    const floods = Array.from({ length: 60 }, () => it.sender());
    for (const flood of floods) flood.send(1_700);
    // Each peer uses its first 40 ms before it counts as one that uses much time.
    while (floods.some(({ handled }) => handled < 68)) await setImmediate();
    const kept = it.sender({ outbound: true });
    kept.send(1_000);
    const begun = it.order.length;
    const handledBefore = floods.map(({ handled }) => handled);
    for (let i = 0; i < 200; i++) {
      const before = it.order.length;
      await setImmediate();
      expect(it.order.slice(before).filter((sender) => sender === kept)).toHaveLength(4);
    }
    // A slice of the kept peer, and a round.
    expect(it.order.length - begun).toBeLessThanOrEqual(200 * (4 + 8));
    const counts = floods.map(({ handled }, n) => handled - (handledBefore[n] ?? 0));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(8);
  });

  it('handle strangers whose bytes come in one turn of the loop for one round, and kept peers at once', async () => {
    const it = bench();
    const strangers = Array.from({ length: 500 }, () => it.sender());
    for (const stranger of strangers) stranger.send(1);
    expect(it.now).toBe(8);
    const kept = it.sender({ outbound: true });
    kept.send(1);
    expect(kept.handled).toBe(1);
    await setImmediate();
    expect(it.now).toBe(8 + 1 + 8);
    while (strangers.some(({ handled }) => handled === 0)) await setImmediate();
    expect(it.order.filter((sender) => sender !== kept)).toEqual(strangers);
  });

  it('let only one long message of strangers pass in each round', async () => {
    const it = bench();
    const strangers = Array.from({ length: 20 }, () => it.sender({ costMs: 100 }));
    for (const stranger of strangers) stranger.send(2);
    expect(it.now).toBe(100);
    for (let i = 2; i <= 40; i++) {
      await setImmediate();
      expect(it.now).toBe(i * 100);
    }
    expect(strangers.map(({ handled }) => handled)).toEqual(strangers.map(() => 2));
  });

  it('handle peers that used much time in every eighth round at least', async () => {
    const it = bench();
    const flood = it.sender();
    flood.send(1_000);
    while (flood.handled < 50) await setImmediate();
    const { handled } = flood;
    const strangers = Array.from({ length: 200 }, () => it.sender());
    for (const stranger of strangers) stranger.send(40);
    for (let i = 0; i < 80; i++) await setImmediate();
    expect(flood.handled - handled).toBe(10 * 4);
  });

  it('finish a long message, and then serve others first', async () => {
    const it = bench();
    const dear = it.sender({ costMs: 300 });
    const quiet = it.sender();
    dear.send(4);
    expect(dear.handled).toBe(1);
    quiet.send(1);
    await setImmediate();
    expect(it.order.map((sender) => sender === dear)).toEqual([true, false, true]);
  });

  it('pause a peer that has used its time, and handle the rest as its time refills', async () => {
    const it = bench();
    const flood = it.sender();
    flood.send(100_000);
    for (let i = 0; i < 5_000; i++) await setImmediate();
    // Two seconds, and a quarter of the time that has passed.
    expect(flood.handled).toBeGreaterThan(2_000);
    expect(flood.handled).toBeLessThan(2_700);
    expect(flood.isPaused).toBe(true);
    const { handled } = flood;
    it.now += 1_000;
    while (flood.handled === handled) await setImmediate();
  });

  describe('that goes on using more than its time', () => {
    /** When a peer that always sends is disconnected, in milliseconds; a peer beside it sends little. */
    const endOf = async (flood: FakeSender, it: Bench, seconds: number): Promise<number> => {
      const busy = it.sender();
      let turns = 0;
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate'] });
      try {
        while (it.now < seconds * 1_000 && flood.end === '') {
          // What the loop has no work for passes without it.
          const before = it.now;
          if (flood.waiting < 100) flood.send(1_000);
          if (turns++ % 8 === 0) busy.send(1);
          await setImmediate();
          it.turns.tick();
          if (it.now === before) it.now += 5;
          jest.advanceTimersByTime(it.now - before);
        }
      } finally {
        jest.useRealTimers();
      }
      expect(busy.end).toBe('');
      // A quarter of the time, and two seconds.
      expect(flood.handled).toBeLessThan(2_000 + it.now / 4 + 500);
      return it.now;
    };

    it('disconnect a peer, within 20 s', async () => {
      const it = bench();
      const flood = it.sender();
      const end = await endOf(flood, it, 60);
      expect(flood.end).toBe('processor-time');
      expect(end).toBeGreaterThan(10_000);
      expect(end).toBeLessThan(18_000);
    });

    it('disconnect it as well if other programs leave a tenth of a processor, less than its time', async () => {
      const it = bench(0.1);
      const flood = it.sender();
      await endOf(flood, it, 300);
      expect(flood.end).toBe('processor-time');
    });

    it('bear a peer that sends all headers, which we asked for, but not forever', async () => {
      const it = bench();
      const server = it.sender();
      server.sendsHeaders = true;
      const end = await endOf(server, it, 120);
      expect(server.end).toBe('processor-time');
      // 450 messages of 22 ms, at 250 ms in a second.
      expect(end).toBeGreaterThan(40_000);
      expect(end).toBeLessThan(60_000);
    });

    it('bear it although it sends other messages between its headers', async () => {
      const it = bench();
      const server = it.sender();
      const handle = server.handle.bind(server);
      let slices = 0;
      server.handle = (mayGoOn) => {
        server.sendsHeaders = slices++ % 8 === 0;
        return handle(mayGoOn);
      };
      expect(await endOf(server, it, 120)).toBeGreaterThan(40_000);
    });
  });

  it('let a peer that we have found take more time, but not all', async () => {
    const it = bench();
    const flood = it.sender({ outbound: true, isNamed: false });
    flood.send(100_000);
    for (let i = 0; i < 10_000; i++) await setImmediate();
    // Eight seconds, and half of the time that has passed.
    expect(flood.handled).toBeGreaterThan(14_000);
    expect(flood.handled).toBeLessThan(17_000);
    expect(flood.isPaused).toBe(true);
  });

  it('do not charge a peer for the blocks that we asked for, but for what it sends besides', async () => {
    const it = bench();
    const server = it.sender({ outbound: true, isNamed: false, costMs: 80 });
    server.isAsked = true;
    server.send(2_000);
    while (server.waiting > 0) await setImmediate();
    expect(server.end).toBe('');
    server.isAsked = false;
    server.send(2_000);
    for (let i = 0; i < 1_000; i++) await setImmediate();
    expect(server.isPaused).toBe(true);
    expect(server.waiting).toBeGreaterThan(0);
  });

  it('never pause a named peer for its time', async () => {
    const it = bench();
    const kept = it.sender({ outbound: true });
    kept.send(10_000);
    while (kept.waiting > 0) await setImmediate();
    expect(kept.isPaused).toBe(false);
  });

  it('pause a peer that does not read, until it has read', async () => {
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

  it('disconnect a peer that does not read for a minute', () => {
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

  it('know whose message is being handled, even in nested turns', async () => {
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

  it('forget a peer that has ended', async () => {
    const it = bench();
    const peer = it.sender();
    peer.send(100);
    peer.close('stopped');
    const { handled } = peer;
    await setImmediate();
    expect(peer.handled).toBe(handled);
  });
});
