import path from 'node:path';
import { connectClient } from '../../../src/query/client';
import { allRows } from '../../../src/query/result';
import type { Source } from '../../../src/query/source';
import type { PolicyName } from '../../../src/policy/standardness';
import type { LiveWhy } from '../../../src/why/why-answer';
import { askWhy } from '../../../src/why/why-document';
import type { Cleanup } from '../cleanup';
import { type Program, runProgram } from '../program';
import { type Recorder, startRecorder } from '../recorder';
import { type Row, openStored, type Stored } from '../stored';
import { until } from '../until';

/** How often the listener writes an interval. */
const INTERVAL_MS = 500;

/** The program with a recorder before each of its peers, and with its store. */
export class Listener {
  private stored: Stored | undefined;
  /** The bytes of each of its connections, in the order of its peers. */
  readonly recorders: readonly Recorder[];

  private constructor(
    readonly policy: PolicyName,
    /** The store's file. */
    readonly store: string,
    /** The folder of its recording. */
    readonly recording: string,
    private readonly program: Program,
    private readonly client: Source,
    recorders: readonly Recorder[],
  ) {
    this.recorders = recorders;
  }

  /** Starts one that listens to the peers on these ports of 127.0.0.1. */
  static async start(
    policy: PolicyName,
    ports: readonly number[],
    folder: string,
    cleanup: Cleanup,
  ): Promise<Listener> {
    const recorders: Recorder[] = [];
    for (const port of ports) recorders.push(cleanup.add(await startRecorder(port), (it) => it.stop()));
    const store = path.join(folder, `${policy}.duckdb`);
    const recording = path.join(folder, `${policy}-recording`);
    const args = [
      ...['--network', 'regtest', '--policy', policy, '--interval', `${INTERVAL_MS}ms`],
      ...['--node', policy, '--export', `duckdb:${store}`, '--record', recording],
      ...recorders.flatMap(({ port }) => ['--connect', `127.0.0.1:${port}`]),
    ];
    const program = cleanup.add(runProgram(args, folder), (it) => it.stop());
    const client = await until('the store to answer', async () => (await connectClient(store)) ?? undefined, {
      giveUp: program.ended,
    });
    cleanup.add(client, (it) => it.close());
    return new Listener(policy, store, recording, program, client, recorders);
  }

  /** The address by which it knows the peer of this number. */
  addressOf(peer: number): string {
    return `127.0.0.1:${this.recorders[peer]?.port ?? 0}`;
  }

  /**
   * Asks the store, through the program while it runs. Do not ask for times: they exceed the range of
   * numbers.
   */
  async rows(sql: string): Promise<Row[]> {
    if (this.stored !== undefined) return this.stored.rows(sql);
    const result = await this.client.raw(sql);
    const rows = await allRows(result);
    return rows.map((row) =>
      Object.fromEntries(
        result.columns.map(({ name }, i) => {
          const value = row[i] ?? null;
          return [name, typeof value === 'bigint' ? Number(value) : value];
        }),
      ),
    );
  }

  /** What the running program tells of a transaction, a block or a peer. */
  async why(id: string): Promise<LiveWhy> {
    const answer = await askWhy(this.store, id);
    if (answer === null) throw new Error(`${this.policy} keeps no record`);
    return answer;
  }

  /** Waits until a query returns a row. */
  async untilRow(what: string, sql: string): Promise<Row> {
    const first = async (): Promise<Row | undefined> => (await this.rows(sql))[0];
    return until(`${what} (${this.policy})`, first, { giveUp: this.program.ended });
  }

  /** Stops the program. Later its store is read from the file. */
  async stop(cleanup: Cleanup): Promise<number | null> {
    const status = await this.program.stop();
    this.stored = cleanup.add(await openStored(this.store), (it) => it.close());
    return status;
  }
}
