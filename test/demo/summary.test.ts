import type { Clock } from '../../src/lib/clock';
import { drawFrame, headline } from '../../src/demo/frame';
import type { DemoStats } from '../../src/demo/stats';
import { Summary } from '../../src/demo/summary';
import { OUTPUT_TYPES } from '../../src/wire/output-type';

const STATS: DemoStats = {
  peers: 4,
  height: 123,
  messages: new Map([
    ['inv', 120],
    ['tx', 40],
  ]),
  outputs: new Map([
    ['pubkeyhash', 48],
    ['anchor', 1],
  ]),
  transactions: 40,
};

const STATE = {
  stats: STATS,
  stored: 500,
  before: new Map([['inv', 100]]),
  rateSeconds: 5,
  elapsed: 12,
  seconds: 60,
};

describe('drawFrame', () => {
  it('shows counts and rates of messages, and a bar for each type of output', () => {
    const text = drawFrame(STATE).join('\n');
    expect(text).toMatch(/inv +4\.0 +120 /);
    expect(text).toMatch(/tx +8\.0 +40 /);
    expect(text).toMatch(/pubkeyhash +48 {2}█{24}$/m);
    expect(text).toMatch(/anchor +1 {2}█$/m);
    for (const type of OUTPUT_TYPES) expect(text).toContain(type);
  });

  it('draws before anything arrived', () => {
    const stats = { peers: 0, height: undefined, messages: new Map(), outputs: new Map(), transactions: 0 };
    const text = drawFrame({ ...STATE, stats, before: new Map(), rateSeconds: 0 }).join('\n');
    expect(text).toContain('height -');
    expect(text).not.toContain('NaN');
  });
});

describe('headline', () => {
  it('shows how long it runs', () => {
    expect(headline(STATE)).toBe(
      '4 peers   height 123   160 messages   40 transactions   500 points stored   (12 of 60 s)',
    );
    expect(headline({ ...STATE, seconds: 0 })).toContain('(12 s, Ctrl-C ends it)');
  });
});

describe('Summary', () => {
  const clock: Clock = { uniqueNs: () => 0n, monotonicMs: () => 0 };

  function show(live: boolean, terminal: { columns?: number; rows?: number }): string {
    let text = '';
    const out = { ...terminal, write: (part: string) => (text += part) };
    const summary = new Summary({ seconds: 60, live }, { clock, out, stats: STATS, stored: () => 7 });
    summary.start();
    summary.stop();
    return text;
  }

  it('draws each frame over the last one', () => {
    const text = show(true, { columns: 120, rows: 50 });
    const lines = text.split('\x1b[J')[0]?.split('\n').length ?? 0;
    expect(text).toContain(`\x1b[J\x1b[${lines - 1}A`);
  });

  it('never draws more than fits on the terminal', () => {
    const [first = ''] = show(true, { columns: 40, rows: 8 }).split('\x1b[J');
    const lines = first.replaceAll('\x1b[K', '').split('\n');
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line.length).toBeLessThan(40);
  });

  it('writes plain lines if there is no terminal', () => {
    const text = show(false, {});
    expect(text).not.toContain('\x1b');
    expect(text.trim().split('\n')).toHaveLength(2);
  });
});
