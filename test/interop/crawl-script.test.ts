import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import { Cleanup } from '../support/cleanup';
import { failureOf, python, runPython } from '../support/python';
import { simulatedCrawls } from '../support/simulated-crawls';

const CRAWLS = { startMs: 1_700_000_000_000, everyMs: 3_600_000, crawls: 4, nodes: 200 };
const SCRIPT = path.join(__dirname, '..', '..', 'docs', 'examples', 'crawl.py');

python.describe('docs/examples/crawl.py', (program) => {
  const cleanup = new Cleanup();
  let folder: string;
  beforeEach(() => {
    folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-crawl-')), (name) =>
      rmSync(name, { recursive: true, force: true }),
    );
  });
  afterEach(() => cleanup.run());

  const run = (...args: string[]) => runPython(program, [SCRIPT, ...args], folder);

  const sentence = (...args: string[]): string => failureOf(run(...args));

  it('plots what crawls found', async () => {
    const writer = new StoreWriter({ path: path.join(folder, 'crawls.duckdb') });
    await writer.open();
    await writer.write(simulatedCrawls(CRAWLS));
    await writer.close();
    expect(run('crawls.duckdb', 'out.png')).toMatchObject({ status: 0, stdout: 'out.png\n', stderr: '' });
    expect(readFileSync(path.join(folder, 'out.png')).toString('latin1', 1, 4)).toBe('PNG');
  });

  it('says what is missing', async () => {
    mkdirSync(path.join(folder, 'empty'));
    const writer = new StoreWriter({ path: path.join(folder, 'none.duckdb') });
    await writer.open();
    await writer.close();
    expect(sentence('missing')).toMatch(/^missing does not exist; name a store of --export duckdb:/);
    expect(sentence('empty')).toMatch(/^empty has no file crawls\/\*\.parquet; /);
    expect(sentence('none.duckdb')).toBe('none.duckdb has no crawl yet: btcdmon-node crawl makes one');
  });
});
