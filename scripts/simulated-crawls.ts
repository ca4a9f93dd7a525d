// Writes the points of two days of simulated crawls into an embedded store, for the plot of
// docs/researchers.md. The network does not exist, and its numbers are made up.
//
//   node -r tsx/cjs scripts/simulated-crawls.ts crawls.duckdb
//   python docs/examples/crawl.py crawls.duckdb docs/images/crawl.png
import { StoreWriter } from '../src/store/writer';
import { simulatedCrawls } from '../test/support/simulated-crawls';

const CRAWLS = { startMs: Date.UTC(2026, 10, 28), everyMs: 3_600_000, crawls: 48, nodes: 9_000 };

async function main(file: string): Promise<void> {
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(simulatedCrawls(CRAWLS));
  await writer.close();
}

const [, , file = 'crawls.duckdb'] = process.argv;
void main(file);
