// Writes the points of a day of simulated sessions into an embedded store, for the plot of
// docs/researchers.md. The network does not exist, and its numbers are made up.
//
//   node -r tsx/cjs scripts/simulated-sessions.ts sessions.duckdb
//   python docs/examples/sessions.py sessions.duckdb docs/images/sessions.png
import { StoreWriter } from '../src/store/writer';
import { simulatedSessions } from '../test/support/simulated-sessions';

const DAY = { startMs: Date.UTC(2026, 10, 28), peers: 1_000, transactions: 200 };

async function main(file: string): Promise<void> {
  const writer = new StoreWriter({ path: file });
  await writer.open();
  await writer.write(simulatedSessions(DAY));
  await writer.close();
}

const [, , file = 'sessions.duckdb'] = process.argv;
void main(file);
