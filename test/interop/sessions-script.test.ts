import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Point } from '../../src/metrics/point';
import { StoreWriter } from '../../src/store/writer';
import { Cleanup } from '../support/cleanup';
import { failureOf, python, runPython } from '../support/python';
import { SIMULATED_SYSTEMS, simulatedSessions } from '../support/simulated-sessions';

const DAY = { startMs: 1_700_000_000_000, peers: 100, transactions: 40 };
const SCRIPT = path.join(__dirname, '..', '..', 'docs', 'examples', 'sessions.py');

python.describe('docs/examples/sessions.py', (program) => {
  const cleanup = new Cleanup();
  let folder: string;
  beforeEach(() => {
    folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-sessions-')), (name) =>
      rmSync(name, { recursive: true, force: true }),
    );
  });
  afterEach(() => cleanup.run());

  const run = (...args: string[]) => runPython(program, [SCRIPT, ...args], folder);

  const sentence = (...args: string[]): string => failureOf(run(...args));

  async function write(name: string, points: readonly Point[]): Promise<void> {
    const writer = new StoreWriter({ path: path.join(folder, name) });
    await writer.open();
    if (points.length > 0) await writer.write(points);
    await writer.close();
  }

  it('plots a day of sessions, and tells the delays of each autonomous system', async () => {
    const points = simulatedSessions(DAY);
    await write('day.duckdb', points);
    const { status, stdout, stderr } = run('day.duckdb', 'out.png');
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.trim().split('\n');
    expect(lines.pop()).toBe('out.png');
    expect(readFileSync(path.join(folder, 'out.png')).toString('latin1', 1, 4)).toBe('PNG');
    const told = new Map(
      lines.map((line) => {
        const [, asn, median, arrivals] = /^AS(\d+): median (\d+) ms, p90 \d+ ms, (\d+) ann/.exec(line) ?? [];
        return [Number(asn), { median: Number(median), arrivals: Number(arrivals) }];
      }),
    );
    for (const [asn] of SIMULATED_SYSTEMS) {
      const delays = points
        .filter(({ series, fields }) => series === 'arrivals' && fields['asn'] === asn)
        .map(({ fields }) => Number(fields['delay']))
        .sort((a, b) => a - b);
      const middle = delays.length / 2;
      const median = ((delays[Math.ceil(middle) - 1] ?? NaN) + (delays[Math.floor(middle)] ?? NaN)) / 2;
      expect(told.get(asn)?.arrivals).toBe(delays.length);
      expect(Math.abs((told.get(asn)?.median ?? NaN) - median)).toBeLessThanOrEqual(1);
    }
  });

  it('plots sessions without --arrivals, too', async () => {
    const points = simulatedSessions(DAY).filter(({ series }) => series !== 'arrivals');
    await write('sessions.duckdb', points);
    const { status, stdout, stderr } = run('sessions.duckdb', 'out.png');
    expect([status, stderr, stdout.trim()]).toEqual([0, '', 'out.png']);
  });

  it('says what is missing', async () => {
    mkdirSync(path.join(folder, 'empty'));
    await write('none.duckdb', []);
    expect(sentence('missing')).toMatch(/^missing does not exist; name a store of --export duckdb:/);
    expect(sentence('empty')).toMatch(/^empty has no file peer_sessions\/\*\.parquet; /);
    expect(sentence('none.duckdb')).toMatch(/^none\.duckdb has no session that has ended: /);
  });
});
