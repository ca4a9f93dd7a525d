import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { COMMAND_COUNTS } from '../../src/metrics/sessions/session-commands';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { COIN_VALUE, splitCoinbases } from '../support/funding';
import { type Influxd, influxd, startInfluxd } from '../support/influxd';
import { type Observer, observeEncrypted, observePlain } from '../support/observer';
import { type Program, runProgram } from '../support/program';
import type { Tally } from '../support/recorder';
import { rust } from '../support/rust-judge';
import { type Row, type Stored, openStored } from '../support/stored';
import { dissect, tshark } from '../support/tshark';
import { until } from '../support/until';
import { OUTPUT_TYPES, SPENDABLE_TYPES, type Signed, Wallet } from '../support/wallet';

/**
 * The output types that btcd relays; unknown witness programs are non-standard to it (txscript v2
 * `typeOfScript`).
 */
const RELAYED_TYPES = OUTPUT_TYPES.filter((type) => type !== 'witness_unknown');

const BLOCKS = 300;
const TRANSACTIONS_PER_TYPE = 200;
/** Every so many transactions one spends two coins. */
const TWO_INPUTS_EVERY = 10;
const PATIENCE_MS = 600_000;
/** Building the judge for the first time. */
const BUILD_MS = 600_000;

/** What an encrypted packet has besides its contents, which btcd does not count where it receives. */
const PACKET_BYTES = 20;

/** By which transport the run goes, and who observes it. */
interface Way {
  readonly transport: 'v1' | 'v2';
  observe(port: number): Promise<Observer>;
}

btcd.describe('beside a real btcd', (btcdProgram) => {
  theRun(btcdProgram, { transport: 'v1', observe: observePlain });
  rust.describe('with the encrypted transport', (cargo) =>
    theRun(btcdProgram, { transport: 'v2', observe: (port) => observeEncrypted(cargo, port) }),
  );
});

function theRun(btcdProgram: string, way: Way): void {
  influxd.describe(
    `300 blocks and 200 transactions of every output type it relays, by ${way.transport}`,
    () => {
      const cleanup = new Cleanup();
      const wallet = new Wallet();
      const sent: Signed[] = [];
      const refusals: string[] = [];
      let node: Btcd;
      let influx: Influxd;
      let observer: Observer;
      let program: Program;
      let stored: Stored;
      let blockCount: number;
      let bestHash: string;
      /** What btcd counted of us, and what InfluxDB had of it, at a moment at which both agreed. */
      let agreed: Agreed;
      let exitStatus: number | null;

      beforeAll(async () => {
        const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-interop-')), (path) =>
          rm(path, { recursive: true, force: true }),
        );
        const miningAddress = wallet.address('regtest');
        const extraArgs = way.transport === 'v2' ? ['--v2transport'] : [];
        node = cleanup.add(await Btcd.start(btcdProgram, { miningAddress, extraArgs }), (it) => it.stop());
        influx = cleanup.add(await startInfluxd(), (it) => it.stop());
        observer = cleanup.add(await way.observe(node.p2pPort), (it) => it.stop());
        const store = path.join(folder, 'store.duckdb');
        const args = [
          ...['--network', 'regtest', '--connect', `127.0.0.1:${observer.port}`, '--interval', '1s'],
          ...['--transport', way.transport],
          ...['--export', `duckdb:${store}`],
          // Not by UDP, of which the system drops what a server is too slow to read.
          ...['--export', `influx+http://127.0.0.1:${influx.httpPort}/${influx.database}`],
        ];
        program = cleanup.add(runProgram(args, folder), (it) => it.stop());
        const patience = { giveUp: program.ended };
        await until('the handshake', async () => (await node.peers()).length === 1, patience);

        const mined = await node.rpc<string[]>('generate', BLOCKS);
        const bestInInflux = (): Promise<unknown> => lastOf(influx, 'blocks', 'best_height');
        await until(`${BLOCKS} blocks`, async () => (await bestInInflux()) === BLOCKS, patience);
        await sendEveryType(mined);
        await untilHeard();
        await node.rpc('generate', 3);
        blockCount = await node.rpc('getblockcount');
        bestHash = await node.rpc('getbestblockhash');
        await until('the last block', async () => (await bestInInflux()) === blockCount, patience);
        agreed = await agreement(node, influx, way.transport === 'v2' ? PACKET_BYTES : 0, program);
        exitStatus = await program.stop();
        await observer.settled();
        stored = cleanup.add(await openStored(store), (it) => it.close());
        // The points of the last interval leave the program while it stops.
        const [row] = await stored.rows('SELECT count(*) AS points FROM bandwidth');
        await until(
          'the last interval',
          async () => (await influx.count('bandwidth', 'bytes_recv')) === row?.['points'],
        );
      }, PATIENCE_MS + BUILD_MS);

      afterAll(() => cleanup.run());

      /** btcd does not give away what it has announced once a block holds it. */
      async function untilHeard(): Promise<void> {
        const allThere = async (): Promise<boolean> => (await influx.count('tx', 'sha')) >= sent.length;
        await until(`${sent.length} transactions`, allThere, { giveUp: program.ended });
      }

      async function sendEveryType(mined: readonly string[]): Promise<void> {
        const spends = RELAYED_TYPES.length * TRANSACTIONS_PER_TYPE;
        const needed = spends + spends / TWO_INPUTS_EVERY + 1;
        const { coins, transactions } = await splitCoinbases(node, wallet, SPENDABLE_TYPES, needed, mined);
        sent.push(...transactions);
        await untilHeard();
        await node.rpc('generate', 1);
        const change = { type: 'pubkeyhash', value: COIN_VALUE / 4 } as const;
        for (let i = 0; i < spends; i += 1) {
          const inputs = coins.splice(0, i % TWO_INPUTS_EVERY === 0 ? 2 : 1);
          const type = RELAYED_TYPES[i % RELAYED_TYPES.length] ?? 'pubkeyhash';
          const transaction = wallet.sign(inputs, [
            { type, value: type === 'nulldata' ? 0 : COIN_VALUE / 4 },
            change,
          ]);
          await node.rpc('sendrawtransaction', transaction.hex);
          sent.push(transaction);
        }
        const refused = wallet.sign(coins.splice(0, 1), [
          { type: 'witness_unknown', value: COIN_VALUE / 4 },
          change,
        ]);
        await node.rpc('sendrawtransaction', refused.hex).catch((error: unknown) => {
          refusals.push(String(error));
        });
      }

      it('left out no type but the one that btcd refuses', () => {
        expect(refusals).toEqual([expect.stringContaining('non-standard script form')]);
        expect(Object.keys(expectedOutputs(sent)).sort()).toEqual([...RELAYED_TYPES].sort());
        for (const type of RELAYED_TYPES)
          expect(sent.filter(({ outputs }) => outputs[0]?.type === type).length).toBeGreaterThanOrEqual(
            TRANSACTIONS_PER_TYPE,
          );
      });

      it('stopped with status 0 after one connection', () => {
        expect(exitStatus).toBe(0);
        expect(observer.connections).toBe(1);
      });

      describe.each([
        ['msg_recv', 'in', 'messages'],
        ['msg_sent', 'out', 'messages'],
        ['msg_recv_bytes', 'in', 'bytes'],
        ['msg_sent_bytes', 'out', 'bytes'],
      ] as const)('%s adds up to what the observer saw', (series, direction, unit) => {
        const seen = (): Record<string, number> => sums(observer.count(direction), unit);

        it('in DuckDB', async () => {
          const columns = COUNTED_COMMANDS.map((command) => `sum("${command}") AS "${command}"`).join();
          const [row] = await stored.rows(`SELECT ${columns} FROM ${series}`);
          expect(nonZero(row)).toEqual(seen());
        });

        it('in InfluxDB', async () => {
          const columns = COUNTED_COMMANDS.map((command) => `sum("${command}") AS "${command}"`).join();
          expect(nonZero(await firstRow(influx, `SELECT ${columns} FROM ${series}`))).toEqual(seen());
        });
      });

      // Wireshark does not know the encrypted transport.
      if (way.transport === 'v1')
        tshark.describe('tshark', (tsharkProgram) => {
          it('counts the same messages', async () => {
            const dissection = await dissect(tsharkProgram, observer.conversation() ?? { in: [], out: [] });
            for (const direction of ['in', 'out'] as const)
              expect(Object.fromEntries(dissection[direction])).toEqual(
                sums(observer.count(direction), 'messages'),
              );
          });
        });

      it('has the bandwidth that btcd has, to the byte', () => {
        expect(agreed.told).toEqual(agreed.counted);
        expect(agreed.counted.sent).toBeGreaterThan(BLOCKS * 80);
      });

      it('ends with the bandwidth that the observer saw', async () => {
        const total = { bytes_recv: observer.bytes('in'), bytes_sent: observer.bytes('out') };
        expect(
          await stored.rows('SELECT bytes_recv, bytes_sent FROM bandwidth ORDER BY time DESC LIMIT 1'),
        ).toEqual([total]);
      });

      it('has messages, handshake and decoys that add up to the bytes of the socket', async () => {
        const bytes = async (series: string): Promise<number> => {
          const all = COUNTED_COMMANDS.map((command) => `sum("${command}")`).join(' + ');
          const [row] = await stored.rows(`SELECT (${all})::BIGINT AS bytes FROM ${series}`);
          return Number(row?.['bytes']);
        };
        const [last] = await stored.rows(`SELECT ${BANDWIDTH} FROM bandwidth ORDER BY time DESC LIMIT 1`);
        const column = (name: string): number => Number(last?.[name]);
        expect([
          (await bytes('msg_recv_bytes')) + column('handshake_recv') + column('decoys_recv'),
          (await bytes('msg_sent_bytes')) + column('handshake_sent'),
        ]).toEqual([column('bytes_recv'), column('bytes_sent')]);
      });

      it('has the session of the connection, open until the end, with the same sums', async () => {
        const sumOf = (series: string): string =>
          `(SELECT sum(${COUNTED_COMMANDS.map((command) => `"${command}"`).join(' + ')})::BIGINT FROM ${series})`;
        const perCommand = COMMAND_COUNTS.map(({ column, command, isReceived, unit }) => {
          const series = `msg_${isReceived ? 'recv' : 'sent'}${unit === 'bytes' ? '_bytes' : ''}`;
          return `(SELECT sum("${command}")::BIGINT FROM ${series}) AS ${column}`;
        });
        const all = `SELECT ${sumOf('msg_recv')} AS msg_recv, ${sumOf('msg_sent')} AS msg_sent`;
        expect(await stored.rows('SELECT msg_recv, msg_sent FROM peer_sessions')).toEqual(
          await stored.rows(all),
        );
        const names = COMMAND_COUNTS.map(({ column }) => column).join();
        expect(await stored.rows(`SELECT ${names} FROM session_messages`)).toEqual(
          await stored.rows(`SELECT ${perCommand.join()}`),
        );
        const total = { bytes_recv: observer.bytes('in'), bytes_sent: observer.bytes('out') };
        const [session] = await stored.rows('SELECT * EXCLUDE (time) FROM peer_sessions');
        expect(session).toMatchObject({
          ...total,
          ...{
            address: `127.0.0.1:${observer.port}`,
            port: observer.port,
            is_inbound: false,
            reason: 'stopped',
          },
          ...{
            is_established: true,
            transport: way.transport,
            user_agent: expect.stringMatching(/\/btcd:/) as string,
          },
          ...{ height: blockCount, violations: 0, undelivered: 0, inv_later: 0, netgroup: '127.0.0.0/16' },
        });
        expect(session?.['inv_first']).toBeGreaterThanOrEqual(sent.length);
      });

      it('has the best block that btcd has', async () => {
        expect(await stored.rows('SELECT best_height, sha FROM blocks ORDER BY time DESC LIMIT 1')).toEqual([
          { best_height: blockCount, sha: bestHash },
        ]);
        expect(await lastOf(influx, 'blocks', 'best_height')).toBe(blockCount);
      });

      it('has each transaction once, with its sizes, and all as standard', async () => {
        const rows = await stored.rows(
          'SELECT sha, tx_size, num_inputs, num_outputs, is_standard, non_standard_reason FROM tx ORDER BY sha',
        );
        expect(rows).toEqual(
          sent
            .map(({ txid, hex, inputs, outputs }) => ({
              sha: txid,
              tx_size: hex.length / 2,
              num_inputs: inputs.length,
              num_outputs: outputs.length,
              is_standard: true,
              non_standard_reason: null,
            }))
            .sort((a, b) => (a.sha < b.sha ? -1 : 1)),
        );
        const { results } = await influx.query('SELECT sha FROM tx');
        const inInflux = results[0]?.series?.[0]?.values?.map(([, sha]) => sha).sort();
        expect(inInflux).toEqual(sent.map(({ txid }) => txid).sort());
      });

      it('has a point for each input', async () => {
        const inputs = sent.reduce((total, transaction) => total + transaction.inputs.length, 0);
        const [row] = await stored.rows(
          'SELECT count(*) AS points, count(*) FILTER (is_standard) AS standard FROM tx_inputs',
        );
        expect(row).toEqual({ points: inputs, standard: inputs });
        expect(await influx.count('tx_inputs', 'sig_script_len')).toBe(inputs);
      });

      it('has a point for each output, of its type', async () => {
        const rows = await stored.rows('SELECT script_type, count(*) AS points FROM tx_outputs GROUP BY ALL');
        const inStore: Record<string, unknown> = {};
        for (const row of rows) inStore[String(row['script_type'])] = row['points'];
        expect(inStore).toEqual(expectedOutputs(sent));

        const { results } = await influx.query('SELECT count(size) FROM tx_outputs GROUP BY script_type');
        const inInflux: Record<string, unknown> = {};
        for (const { tags, values } of results[0]?.series ?? [])
          inInflux[tags?.['script_type'] ?? ''] = values?.[0]?.[1];
        expect(inInflux).toEqual(expectedOutputs(sent));
      });

      it('has the values of the outputs, none of them dust', async () => {
        const [row] = await stored.rows(
          `SELECT sum(value) AS value, count(*) FILTER (is_dust AND script_type != 'nulldata') AS dust FROM tx_outputs`,
        );
        const value = sent
          .flatMap(({ outputs }) => outputs)
          .reduce((total, output) => total + output.value, 0);
        expect(row).toEqual({ value, dust: 0 });
      });
    },
  );
}

/** Outputs of the transactions by type. */
function expectedOutputs(transactions: readonly Signed[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of transactions.flatMap(({ outputs }) => outputs))
    counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

function sums(tallies: Readonly<Record<string, Tally>>, unit: keyof Tally): Record<string, number> {
  return Object.fromEntries(Object.entries(tallies).map(([command, tally]) => [command, tally[unit]]));
}

function nonZero(row: Row | undefined): Row {
  return Object.fromEntries(
    Object.entries(row ?? {}).filter(([name, value]) => name !== 'time' && value !== 0 && value !== null),
  );
}

/** The first row of an InfluxQL answer, by column. */
async function firstRow(influx: Influxd, query: string): Promise<Row> {
  const { results } = await influx.query(query);
  const series = results[0]?.series?.[0];
  const values = series?.values?.[0] ?? [];
  return Object.fromEntries((series?.columns ?? []).map((column, i) => [column, values[i] ?? null]));
}

async function lastOf(influx: Influxd, series: string, column: string): Promise<Row[string] | undefined> {
  return (await firstRow(influx, `SELECT last("${column}") AS value FROM "${series}"`))['value'];
}

const BANDWIDTH = 'bytes_recv, bytes_sent, handshake_recv, handshake_sent, decoys_recv';

/** Bytes that btcd sent us, and that it received from us. */
interface Bytes {
  readonly sent: number;
  readonly received: number;
}

interface Agreed {
  readonly counted: Bytes;
  readonly told: Bytes;
}

/**
 * Waits until InfluxDB has what btcd has counted, also of a ping that came meanwhile. btcd counts no
 * handshake, and where it receives the contents of packets alone: they have `packetBytes` more.
 */
async function agreement(
  node: Btcd,
  influx: Influxd,
  packetBytes: number,
  { ended }: Program,
): Promise<Agreed> {
  let last: Agreed | undefined;
  const all = COUNTED_COMMANDS.map((command) => `sum("${command}") AS "${command}"`).join();
  return until(
    'the bytes that btcd has counted',
    async () => {
      const [peer] = await node.peers();
      if (peer === undefined) return undefined;
      const latest = await firstRow(influx, `SELECT ${BANDWIDTH} FROM bandwidth ORDER BY time DESC LIMIT 1`);
      const messages = Object.values(nonZero(await firstRow(influx, `SELECT ${all} FROM msg_sent`)));
      const column = (name: string): number => Number(latest[name]);
      last = {
        counted: { sent: peer.bytessent, received: peer.bytesrecv },
        told: {
          sent: column('bytes_recv') - column('handshake_recv') - column('decoys_recv'),
          received:
            column('bytes_sent') -
            column('handshake_sent') -
            packetBytes * messages.reduce<number>((sum, count) => sum + Number(count), 0),
        },
      };
      const { counted, told } = last;
      return counted.sent === told.sent && counted.received === told.received ? last : undefined;
    },
    { giveUp: ended },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(last)}`);
  });
}
