import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { splitCoinbases } from '../support/funding';
import { type Program, runProgram } from '../support/program';
import { type Recorder, startRecorder } from '../support/recorder';
import { storedRow, untilStored } from '../support/running-store';
import { openStored, type Row } from '../support/stored';
import { startTransportListener } from '../support/transport-listener';
import { until } from '../support/until';
import { SPENDABLE_TYPES, type Signed, Wallet } from '../support/wallet';

const PATIENCE_MS = 300_000;

/** What a packet has besides its contents: length, header and tag. btcd counts contents where it receives. */
const PACKET_BYTES = 20;

const V2 = '--v2transport';

/** The sum of the columns of commands. */
const ALL = COUNTED_COMMANDS.map((command) => `sum("${command}")`).join(' + ');

btcd.describe('a real btcd with the encrypted transport', (btcdProgram) => {
  const cleanup = new Cleanup();
  let folder: string;
  let store: string;

  beforeEach(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-encrypted-')), (it) =>
      rm(it, { recursive: true, force: true }),
    );
    store = path.join(folder, 'store.duckdb');
  });
  afterEach(() => cleanup.run());

  async function startBtcd(extraArgs: readonly string[], miningAddress?: string): Promise<Btcd> {
    const options = { extraArgs, ...(miningAddress === undefined ? {} : { miningAddress }) };
    return cleanup.add(await Btcd.start(btcdProgram, options), (it) => it.stop());
  }

  function run(...args: readonly string[]): Program {
    const common = ['--network', 'regtest', '--interval', '500ms', '--export', `duckdb:${store}`];
    return cleanup.add(runProgram([...common, ...args], folder), (it) => it.stop());
  }

  async function recorded(node: Btcd): Promise<Recorder> {
    return cleanup.add(await startRecorder(node.p2pPort), (it) => it.stop());
  }

  /** Asks the store, which the program must have let go of. */
  async function stored<T extends Row = Row>(sql: string): Promise<T> {
    const reader = await openStored(store);
    try {
      const [row] = await reader.rows(sql);
      return row as T;
    } finally {
      reader.close();
    }
  }

  interface Sums extends Row {
    readonly messages: number;
    readonly bytes: number;
  }

  const sumsOf = async (direction: 'recv' | 'sent'): Promise<Sums> => ({
    ...(await stored<Sums>(`SELECT (${ALL})::BIGINT AS messages FROM msg_${direction}`)),
    ...(await stored<Sums>(`SELECT (${ALL})::BIGINT AS bytes FROM msg_${direction}_bytes`)),
  });

  const bandwidth = (): Promise<Record<string, number>> =>
    stored<Row & Record<string, number>>(
      'SELECT bytes_sent, bytes_recv, handshake_sent, handshake_recv, decoys_recv FROM bandwidth ORDER BY time DESC LIMIT 1',
    );

  /** The sums of all messages or their bytes, in one statement. */
  const sumOf = (series: string): string => `(SELECT (${ALL})::BIGINT FROM ${series})`;

  /**
   * Waits for a moment at which the program has told of every byte that btcd counted, also of a ping that
   * came meanwhile. btcd counts whole packets where it sends, contents where it receives, and no handshake.
   */
  async function untilAgreed(node: Btcd, packetBytes: number, program: Program): Promise<void> {
    const sent = `${sumOf('msg_sent_bytes')} - ${packetBytes} * ${sumOf('msg_sent')}`;
    await until(
      'the bytes that btcd has counted',
      async () => {
        const [peer] = await node.peers();
        if (peer === undefined) return false;
        const counted = await storedRow(store, `SELECT ${sumOf('msg_recv_bytes')}, ${sent}`);
        return counted === `${peer.bytessent},${peer.bytesrecv}`;
      },
      { giveUp: program.ended },
    );
  }

  it.each(['auto', 'v2'])(
    'is dialled with --transport %s: every byte and message is counted',
    async (transport) => {
      const wallet = new Wallet();
      const node = await startBtcd([V2], wallet.address('regtest'));
      const recorder = await recorded(node);
      const program = run('--transport', transport, '--connect', `127.0.0.1:${recorder.port}`);
      const patience = { giveUp: program.ended };
      await until('the handshake', async () => (await node.peers()).length === 1, patience);
      const mined = await node.rpc<string[]>('generate', 130);
      const sent: Signed[] = [];
      const { transactions } = await splitCoinbases(node, wallet, SPENDABLE_TYPES, 1_000, mined.slice(0, 10));
      sent.push(...transactions);
      await untilStored(store, 'SELECT count(*) FROM tx', `${transactions.length}`, patience);
      await node.rpc('generate', 1);
      const best = await node.rpc<string>('getbestblockhash');
      await untilStored(store, 'SELECT max_by(sha, time) FROM blocks', best, patience);
      await untilAgreed(node, PACKET_BYTES, program);
      const seen = (): string => {
        const [{ in: incoming, out } = { in: [], out: [] }] = recorder.connections;
        return [incoming, out].map((chunks) => Buffer.concat(chunks).length).join();
      };
      await until(
        'the bytes that the recorder saw',
        async () =>
          (await storedRow(store, 'SELECT max(bytes_recv), max(bytes_sent) FROM bandwidth')) === seen(),
        patience,
      );
      expect(await program.stop()).toBe(0);

      expect(recorder.connections).toHaveLength(1);
      const bytes = await bandwidth();
      const [recv, out] = [await sumsOf('recv'), await sumsOf('sent')];
      expect(recv.bytes + (bytes['handshake_recv'] ?? 0) + (bytes['decoys_recv'] ?? 0)).toBe(
        bytes['bytes_recv'],
      );
      expect(out.bytes + (bytes['handshake_sent'] ?? 0)).toBe(bytes['bytes_sent']);
      expect(await stored('SELECT count(*) AS handshakes, min(transport) AS transport FROM peers')).toEqual(
        expect.objectContaining({ transport: 'v2' }),
      );
      expect(await stored('SELECT max(encrypted) AS encrypted FROM peers')).toEqual({ encrypted: 1 });
      expect(await stored('SELECT count(*) AS tx, count(DISTINCT sha) AS distinct_tx FROM tx')).toEqual({
        tx: sent.length,
        distinct_tx: sent.length,
      });
      expect(await stored('SELECT best_height, sha FROM blocks ORDER BY time DESC LIMIT 1')).toEqual({
        best_height: 131,
        sha: best,
      });
      expect(await stored('SELECT sum(total_violations)::BIGINT AS violations FROM rejects')).toEqual({
        violations: 0,
      });
    },
    PATIENCE_MS,
  );

  it(
    'is dialled by the plain transport after the first attempt where it lacks the encrypted one',
    async () => {
      const node = await startBtcd([]);
      const recorder = await recorded(node);
      const program = run('--transport', 'auto', '--connect', `127.0.0.1:${recorder.port}`);
      await until('the handshake', async () => (await node.peers()).length === 1, { giveUp: program.ended });
      await untilAgreed(node, 0, program);
      expect(await program.stop()).toBe(0);

      expect(recorder.connections).toHaveLength(2);
      const bytes = await bandwidth();
      const [recv, out] = [await sumsOf('recv'), await sumsOf('sent')];
      expect(out.bytes + (bytes['handshake_sent'] ?? 0)).toBe(bytes['bytes_sent']);
      expect(recv.bytes).toBe(bytes['bytes_recv']);
      expect(await stored(`SELECT disconnects FROM rejects WHERE reason = 'plain-transport'`)).toEqual({
        disconnects: 1,
      });
    },
    PATIENCE_MS,
  );

  it(
    'dials us, and hangs up because we serve no blocks, after an encrypted version each way',
    async () => {
      const listener = cleanup.add(await startTransportListener('auto'), (it) => it.stop());
      const commands: string[] = [];
      listener.bus.on('received', ({ command }) => commands.push(command));
      await startBtcd([V2, `--connect=127.0.0.1:${listener.port}`]);
      await until('the end of its dial', () => listener.ends.length === 1);
      // Where btcd closes its socket before it has read all of ours, the system sends a reset, not an end.
      expect([['closed-by-peer'], ['socket-error']]).toContainEqual(listener.ends);
      expect([listener.violations, listener.banned()]).toEqual([[], 0]);
      // It says why before it hangs up. A reset takes with it what has not been read yet.
      const said = ['version', 'reject'];
      expect(commands).toEqual(listener.ends[0] === 'closed-by-peer' ? said : said.slice(0, commands.length));
      for (const { socket, handshake, decoys, messages } of [listener.in, listener.out]) {
        expect(handshake).toBeGreaterThanOrEqual(64 + 16 + PACKET_BYTES);
        expect(handshake + decoys + messages).toBe(socket);
      }
    },
    PATIENCE_MS,
  );
});
