import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ParquetExporter } from '../../src/export/parquet/exporter';
import type { Point } from '../../src/metrics/point';
import { StoreWriter } from '../../src/store/writer';
import { Cleanup } from '../support/cleanup';
import { failureOf, python, runPython } from '../support/python';

const SCRIPT = path.join(__dirname, '..', '..', 'docs', 'examples', 'propagation.py');
const START = 1_700_000_000_000_000_000n;

/** Points of transactions, of which each was announced by so many peers, and of a block. */
function pointsOf(peers: number): readonly Point[] {
  const tags = { node: 'n', network: 'regtest', kind: 'tx' };
  const transactions = Array.from({ length: 20 }, (_, i): Point => {
    const delays = peers < 2 ? {} : { delay_p50: 100 + i, delay_p90: 900 + i };
    return {
      ...{ series: 'propagation', time: START + BigInt(i), tags },
      fields: { peers, delay_received: 30 + i, sha: 'ab', ...delays },
    };
  });
  const block: Point = {
    ...{ series: 'propagation', time: START + 100n, tags: { ...tags, kind: 'block' } },
    fields: { peers: 4, delay_p50: 1, delay_p90: 2, sha: 'cd' },
  };
  return [...transactions, block];
}

python.describe('docs/examples/propagation.py', (program) => {
  const cleanup = new Cleanup();
  let folder: string;
  beforeEach(() => {
    folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-propagation-')), (name) =>
      rmSync(name, { recursive: true, force: true }),
    );
  });
  afterEach(() => cleanup.run());

  const run = (...args: string[]) => runPython(program, [SCRIPT, ...args], folder);

  const sentence = (...args: string[]): string => failureOf(run(...args));

  async function store(name: string, points: readonly Point[]): Promise<StoreWriter> {
    const writer = cleanup.add(new StoreWriter({ path: path.join(folder, name) }), (it) => it.close());
    await writer.open();
    await writer.write(points);
    return writer;
  }

  it('says that nothing is there before the first full hour', async () => {
    const exporter = new ParquetExporter(
      { directory: path.join(folder, 'day') },
      { clock: { uniqueNs: () => START, monotonicMs: () => 0 }, warn: () => undefined },
    );
    cleanup.add(exporter, (it) => it.close());
    await exporter.open();
    await exporter.write(pointsOf(4));
    expect(sentence('day')).toMatch(
      /^day has no file propagation\/\*\.parquet yet: .* a minute after the hour/,
    );
  });

  it('says that a store has no transaction yet', async () => {
    await (await store('young.duckdb', [])).close();
    expect(sentence('young.duckdb')).toMatch(/^young\.duckdb has no transaction yet: /);
  });

  it('says that delays need a second peer', async () => {
    await (await store('one.duckdb', pointsOf(1))).close();
    expect(sentence('one.duckdb')).toMatch(
      /^one\.duckdb has no transaction that two peers announced \(of one peer: 20\): /,
    );
  });

  it('says how to copy a store that is in use', async () => {
    await store('busy.duckdb', pointsOf(4));
    expect(sentence('busy.duckdb')).toBe(
      'busy.duckdb is in use; copy it with: btcdmon-node backup COPY.duckdb --store duckdb:busy.duckdb',
    );
  });

  it.each([
    ['nothing.duckdb', /does not exist; name a folder/],
    ['other.duckdb', /can't be (read|opened): .*propagation/],
    ['text.duckdb', /can't be opened: /],
    ['empty', /has no file propagation/],
  ])('says in a sentence what is wrong with %s', async (name, words) => {
    mkdirSync(path.join(folder, 'empty'));
    writeFileSync(path.join(folder, 'text.duckdb'), 'no store at all\n');
    (await DuckDBInstance.create(path.join(folder, 'other.duckdb'))).closeSync();
    expect(sentence(name)).toMatch(words);
  });

  it('draws what two peers and more announced, from a store and from Parquet files', async () => {
    await (await store('day.duckdb', pointsOf(4))).close();
    const exporter = new ParquetExporter(
      { directory: path.join(folder, 'day') },
      { clock: { uniqueNs: () => START, monotonicMs: () => 0 }, warn: () => undefined },
    );
    await exporter.open();
    await exporter.write(pointsOf(4));
    await exporter.close();
    for (const source of ['day.duckdb', 'day']) {
      const { status, stdout, stderr } = run(source, `${source}.png`);
      expect([status, stdout, stderr]).toEqual([0, `${source}.png\n`, '']);
      expect(
        readFileSync(path.join(folder, `${source}.png`))
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
    }
  });
});
