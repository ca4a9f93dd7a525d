import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { Btcd, type BtcdPeer, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { splitCoinbases } from '../support/funding';
import { type Program, runProgram } from '../support/program';
import { type Recorder, startRecorder } from '../support/recorder';
import { openStored, type Row } from '../support/stored';
import { startTransportListener } from '../support/transport-listener';
import { until } from '../support/until';
import { SPENDABLE_TYPES, type Signed, Wallet } from '../support/wallet';

const PATIENCE_MS = 240_000;

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

  /** A quiet moment of a btcd with one peer. */
  async function quiet(node: Btcd): Promise<BtcdPeer> {
    return until('quiescence', async () => {
      const still = await node.isQuiet(2_000);
      const [peer] = await node.peers();
      return still && peer !== undefined && (await node.isQuiet(100)) ? peer : undefined;
    });
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
      await until('the transactions', () => node.isQuiet(2_000), patience);
      await node.rpc('generate', 1);
      const best = await node.rpc<string>('getbestblockhash');
      const peer = await quiet(node);
      const seen = {
        bytes_recv: Buffer.concat(recorder.connections[0]?.in ?? []).length,
        bytes_sent: Buffer.concat(recorder.connections[0]?.out ?? []).length,
      };
      expect(await program.stop()).toBe(0);

      expect(recorder.connections).toHaveLength(1);
      const bytes = await bandwidth();
      expect(bytes).toMatchObject(seen);
      const [recv, out] = [await sumsOf('recv'), await sumsOf('sent')];
      expect(recv.bytes + (bytes['handshake_recv'] ?? 0) + (bytes['decoys_recv'] ?? 0)).toBe(
        bytes['bytes_recv'],
      );
      expect(out.bytes + (bytes['handshake_sent'] ?? 0)).toBe(bytes['bytes_sent']);
      // btcd counts whole packets where it sends, contents where it receives, and no handshake.
      expect({ sent: peer.bytessent, received: peer.bytesrecv }).toEqual({
        sent: recv.bytes,
        received: out.bytes - PACKET_BYTES * out.messages,
      });
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
      const peer = await quiet(node);
      expect(await program.stop()).toBe(0);

      expect(recorder.connections).toHaveLength(2);
      const bytes = await bandwidth();
      const [recv, out] = [await sumsOf('recv'), await sumsOf('sent')];
      expect({ sent: peer.bytessent, received: peer.bytesrecv }).toEqual({
        sent: recv.bytes,
        received: out.bytes,
      });
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
      // It says why before it hangs up.
      expect(commands).toEqual(['version', 'reject']);
      for (const { socket, handshake, decoys, messages } of [listener.in, listener.out]) {
        expect(handshake).toBeGreaterThanOrEqual(64 + 16 + PACKET_BYTES);
        expect(handshake + decoys + messages).toBe(socket);
      }
    },
    PATIENCE_MS,
  );
});
