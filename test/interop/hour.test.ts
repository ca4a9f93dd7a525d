import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { COUNTED_COMMANDS } from '../../src/p2p/commands';
import { NON_STANDARD_REASONS } from '../../src/tx/policy/reasons';
import { btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { sendBlocks } from '../support/hour/act-blocks';
import { replace, surprise } from '../support/hour/act-conflicts';
import { announceTooMuch, HELD_BACK, misbehave, tellAddresses } from '../support/hour/act-gossip';
import { orphan } from '../support/hour/act-orphans';
import { relayEveryForm } from '../support/hour/act-relay';
import { reorganise } from '../support/hour/act-reorg';
import { makeCoins } from '../support/hour/coins';
import { transactionRows } from '../support/hour/expected';
import { Line } from '../support/hour/line';
import { Listener } from '../support/hour/listener';
import { ScriptRecord } from '../support/hour/record';
import { bytesOf, claimsOf, countBy, forgedRow, sorted } from '../support/hour/rows';
import { SCRIPTED_AGENT, SCRIPTED_HEIGHT, ScriptedPeer } from '../support/hour/scripted-peer';
import { spreadsOf } from '../support/hour/spreads';
import { SCRIPTED, Stage } from '../support/hour/stage';
import { itemsOf, type Message, transcribe, type Transcript } from '../support/hour/transcript';
import type { Row } from '../support/stored';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

const PATIENCE_MS = 480_000;
/** As long as announcements of one thing are gathered, and some intervals more. */
const SPREAD_MS = 32_000;
const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

btcd.describe('an hour of regtest in minutes: three btcds in a line and a scripted peer', (btcdProgram) => {
  const cleanup = new Cleanup();
  const record = new ScriptRecord();
  let stage: Stage;
  let bandwidth: { readonly btcds: object; readonly listeners: object };
  const statuses: (number | null)[] = [];

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-hour-')), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    const wallet = new Wallet();
    const line = await Line.start(btcdProgram, wallet.address('regtest'), cleanup);
    const mature = await line.first.rpc<string[]>('generate', 110);
    for (const node of line.nodes)
      await until('the btcds to be level', async () => (await node.rpc('getblockcount')) === 110);
    const scripted = cleanup.add(await ScriptedPeer.start(), (it) => it.stop());
    const ports = [...line.nodes.map(({ p2pPort }) => p2pPort), scripted.port];
    const listeners = [
      await Listener.start('btcd', ports, folder, cleanup),
      await Listener.start('core', ports, folder, cleanup),
    ];
    stage = new Stage(line, scripted, listeners, wallet, record);
    for (const listener of listeners)
      await listener.untilRow('all handshakes', 'SELECT 1 AS one FROM peers HAVING count(version) = 4');
    await line.untilQuiet(500);

    const coins = await makeCoins(stage, mature.slice(0, 4));
    await relayEveryForm(stage, coins);
    await reorganise(stage, coins, { depth: 1, rivalFee: 2_000 });
    await reorganise(stage, coins, { depth: 2, rivalFee: 500 });
    await replace(stage, coins);
    await orphan(stage, coins);
    await surprise(stage, coins);
    await reorganise(stage, coins, { depth: 6, rivalFee: 1_500 });
    await sendBlocks(stage);
    await stage.mine(line.middle);
    tellAddresses(stage);
    await misbehave(stage);
    await announceTooMuch(stage);
    await stage.pause(SPREAD_MS);
    bandwidth = await quietBandwidth();
    await stage.checkpoint('the end');
    for (const listener of listeners) statuses.push(await listener.stop(cleanup));
  }, PATIENCE_MS);

  afterAll(() => cleanup.run());

  /** The bytes of all listeners that the btcds have counted, and that the listeners have, when none moves. */
  async function quietBandwidth(): Promise<typeof bandwidth> {
    const counted = async (): Promise<{ bytes_recv: number; bytes_sent: number }> => {
      const peers = (await Promise.all(stage.line.nodes.map((node) => node.peers()))).flat();
      const ours = peers.filter(({ subver }) => subver.includes('btcdmon'));
      return {
        bytes_recv: ours.reduce((sum, { bytessent }) => sum + bytessent, 0),
        bytes_sent: ours.reduce((sum, { bytesrecv }) => sum + bytesrecv, 0),
      };
    };
    return until('a quiet moment', async () => {
      const before = await counted();
      await stage.untilWritten();
      let [received, sent] = [0, 0];
      for (const listener of stage.listeners) {
        const [row] = await listener.rows(
          'SELECT bytes_recv, bytes_sent FROM bandwidth ORDER BY time DESC LIMIT 1',
        );
        const own = listener.recorders[SCRIPTED]?.connections ?? [];
        received += Number(row?.['bytes_recv']) - bytesOf(own.flatMap((each) => each.in));
        sent += Number(row?.['bytes_sent']) - bytesOf(own.flatMap((each) => each.out));
      }
      const after = await counted();
      if (JSON.stringify(before) !== JSON.stringify(after)) return undefined;
      return { btcds: after, listeners: { bytes_recv: received, bytes_sent: sent } };
    });
  }

  it('has the bandwidth that the btcds have counted', () => {
    expect(bandwidth.listeners).toEqual(bandwidth.btcds);
  });

  describe.each([
    ['btcd', 0],
    ['core', 1],
  ] as const)('the listener with --policy %s', (policy, number) => {
    const listener = (): Listener => {
      const found = stage.listeners[number];
      if (found === undefined) throw new Error('it was not started');
      return found;
    };
    const rows = (sql: string): Promise<Row[]> => listener().rows(sql);
    /** The one value of the one row. */
    const value = async (sql: string): Promise<Row[string] | undefined> =>
      Object.values((await rows(sql))[0] ?? {})[0];
    /** Every connection to a peer, those of the scripted one last. */
    const transcripts = (): Transcript[] =>
      listener().recorders.flatMap(({ connections }) => connections.map(transcribe));
    const said = (direction: 'in' | 'out', command: string): Message[] =>
      transcripts().flatMap((each) => each[direction].filter((message) => message.command === command));

    it('stopped with status 0', () => {
      expect(statuses[number]).toBe(0);
    });

    it('accounts for every point it emitted', () => {
      const { stdout, status } = spawnSync(
        process.execPath,
        [BIN, 'audit', '--from', `duckdb:${listener().store}`],
        { encoding: 'utf8', env: { HOME: path.dirname(listener().store) } },
      );
      expect(stdout).toMatch(/^\d{3,} points of one run: the store holds every one\n$/);
      expect(status).toBe(0);
    });

    it('bandwidth: ends with what the recorders saw', async () => {
      const all = listener().recorders.flatMap(({ connections }) => connections);
      expect(await rows('SELECT bytes_recv, bytes_sent FROM bandwidth ORDER BY time DESC LIMIT 1')).toEqual([
        {
          bytes_recv: bytesOf(all.flatMap((each) => each.in)),
          bytes_sent: bytesOf(all.flatMap((each) => each.out)),
        },
      ]);
    });

    it.each([
      ['msg_recv', 'in', () => 1],
      ['msg_sent', 'out', () => 1],
      ['msg_recv_bytes', 'in', ({ payload }: Message) => 24 + payload.length],
      ['msg_sent_bytes', 'out', ({ payload }: Message) => 24 + payload.length],
    ] as const)('%s: adds up to what the recorders saw, per command', async (series, direction, measure) => {
      const columns = COUNTED_COMMANDS.map((command) => `sum("${command}") AS "${command}"`).join();
      const [row = {}] = await rows(`SELECT ${columns} FROM ${series}`);
      const expected: Record<string, number> = Object.fromEntries(COUNTED_COMMANDS.map((name) => [name, 0]));
      for (const message of transcripts().flatMap((each) => each[direction]))
        expected[message.command] = (expected[message.command] ?? 0) + measure(message);
      expect(Object.fromEntries(Object.entries(row).map(([name, sum]) => [name, Number(sum)]))).toEqual(
        expected,
      );
      if (series === 'msg_sent') expect(Number(await value('SELECT sum(inv_known) FROM msg_sent'))).toBe(0);
    });

    it('blocks: has each block that became the best, as btcd tells of it', async () => {
      const expected = record.bests.map((sha) => stage.facts.best(sha));
      expect(
        await rows('SELECT sha, best_height, size, num_tx, median_time FROM blocks ORDER BY time'),
      ).toEqual(expected);
      expect(record.bests.at(-1)).toBe(await stage.line.last.rpc('getbestblockhash'));
    });

    it('processed_blocks: has each judgement, with what btcd or the script knows of the block', async () => {
      const expected = record.judged.map((judged) =>
        judged.forged === undefined ? stage.facts.judged(judged) : forgedRow(judged),
      );
      const columns = Object.keys(expected[0] ?? {}).join();
      expect(await rows(`SELECT ${columns} FROM processed_blocks ORDER BY time`)).toEqual(expected);
      expect(new Set(record.judged.map(({ status }) => status))).toEqual(
        new Set(['accepted', 'side_chain', 'rejected', 'duplicate', 'unrequested', 'orphan']),
      );
    });

    it('processed_blocks: has as fees what the script paid', async () => {
      let blocks = 0;
      for (const sha of new Set(record.bests)) {
        const relayed = stage.facts.txids(sha).map((txid) => record.relayed.get(txid));
        const fees = relayed.map((each) => each?.fee);
        if (fees.includes(undefined)) continue;
        blocks += 1;
        expect(
          await rows(
            `SELECT total_tx_fees AS fees FROM processed_blocks WHERE sha = '${sha}' AND status = 'accepted'`,
          ),
        ).toEqual([{ fees: fees.reduce<number>((sum, fee) => sum + (fee ?? 0), 0) }]);
      }
      expect(blocks).toBeGreaterThan(10);
    });

    it('processed_blocks: says who sent it, and how long it took', async () => {
      const found = await rows('SELECT peer_addr, process_time FROM processed_blocks ORDER BY time');
      found.forEach(({ peer_addr, process_time }, i) => {
        const from = record.judged[i]?.from.map((peer) => listener().addressOf(peer));
        expect(from).toContain(peer_addr);
        expect(process_time).toBeGreaterThan(0);
      });
    });

    it('reorgs: has each reorganisation, as getchaintips tells of it', async () => {
      expect(await rows('SELECT depth, old_tip, new_tip, fork_height FROM reorgs ORDER BY time')).toEqual(
        record.reorgs,
      );
      expect(record.reorgs.map(({ depth }) => depth)).toEqual([1, 2, 6]);
    });

    it('mempool: equals the btcds’ mempools and what the scripted peer alone had, at every quiet moment', () => {
      const own = stage.checkpoints.filter((checkpoint) => checkpoint.policy === policy);
      expect(own.map(({ name, stored }) => ({ name, ...stored }))).toEqual(
        own.map(({ name, expected }) => ({ name, ...expected })),
      );
      expect(own.length).toBeGreaterThan(15);
    });

    it('mempool: counts the conflicts, and what the limit held back', async () => {
      expect(
        await rows(
          'SELECT sum(double_spend)::INT AS conflicts, sum(tx_rate_limit)::INT AS held FROM mempool',
        ),
      ).toEqual([{ conflicts: record.conflicts.length, held: HELD_BACK }]);
    });

    it('double_spends: has each conflict', async () => {
      expect(
        await rows('SELECT tx_id, conflicts_with, prev_out, fee, other_fee FROM double_spends ORDER BY time'),
      ).toEqual(record.conflicts);
      expect(record.conflicts).toHaveLength(6);
    });

    describe('each relayed transaction, once', () => {
      const expected = () => [...record.relayed.values()].map((each) => transactionRows(each, policy));

      it.each(['tx', 'tx_inputs', 'tx_outputs', 'tx_fees'] as const)('%s', async (series) => {
        const all: readonly Row[] = expected().flatMap((each) => {
          if (series === 'tx') return [each.tx];
          if (series === 'tx_inputs') return each.inputs;
          if (series === 'tx_outputs') return each.outputs;
          return each.fees === undefined ? [] : [each.fees];
        });
        const columns = Object.keys(all[0] ?? {}).join();
        expect(sorted(await rows(`SELECT ${columns} FROM ${series}`))).toEqual(sorted(all));
      });

      it('for every reason that the policy has', async () => {
        const found = await rows(
          'SELECT DISTINCT non_standard_reason AS reason FROM tx WHERE NOT is_standard ORDER BY 1',
        );
        const core = ['bare-multisig', 'datacarrier', 'multi-op-return'];
        const of = NON_STANDARD_REASONS.filter((reason) =>
          policy === 'core' ? !core.includes(reason) : reason !== 'TRUC-violation',
        );
        expect(found.map(({ reason }) => reason)).toEqual([...of].sort());
      });
    });

    it('inv: adds up to the items that went over the wire', async () => {
      const announced = said('in', 'inv').flatMap(itemsOf);
      const [found] = await rows(
        `SELECT ${['tx', 'wtx', 'block', 'known', 'requested', 'notfound'].map((each) => `sum("${each}")::INT AS "${each}"`).join()} FROM inv`,
      );
      const ofType = (type: number): number => announced.filter((item) => item.type === type).length;
      expect(found).toEqual({
        tx: ofType(1),
        wtx: ofType(5),
        block: ofType(2),
        known: announced.length - new Set(announced.map(({ hash }) => hash)).size,
        requested: said('out', 'getdata').flatMap(itemsOf).length,
        notfound: said('in', 'notfound').flatMap(itemsOf).length,
      });
    });

    it('propagation: has each announced thing, and how many announced it', async () => {
      const spreads = spreadsOf(transcripts());
      const found = await rows('SELECT kind, peers, first_peer FROM propagation');
      expect(countBy(found, ({ kind }) => String(kind))).toEqual(countBy(spreads, ({ kind }) => kind));
      const certain = spreads.filter(({ isCertain }) => isCertain);
      const counts = countBy(found, ({ kind, peers }) => `${String(kind)} of ${String(peers)}`);
      const least = countBy(certain, ({ kind, peers }) => `${kind} of ${peers}`);
      if (certain.length === spreads.length) {
        expect(counts).toEqual(least);
        // Of what came over one connection alone it is certain who was the first.
        const alone = found.filter(({ peers }) => peers === 1);
        const expected = spreads.filter(({ peers }) => peers === 1);
        expect(countBy(alone, (row) => String(row['first_peer']))).toEqual(
          countBy(expected, ({ first }) => listener().addressOf(Math.min(first, SCRIPTED))),
        );
      }
      for (const [key, count] of Object.entries(least)) expect(counts[key]).toBeGreaterThanOrEqual(count);
      expect(Math.max(...certain.map(({ peers }) => peers))).toBeGreaterThanOrEqual(3);
    });

    it('propagation: its delays are in order', async () => {
      const addresses = [0, 1, 2, 3].map((peer) => listener().addressOf(peer));
      for (const row of await rows('SELECT * EXCLUDE (time) FROM propagation')) {
        expect(addresses).toContain(row['first_peer']);
        const delays = ['delay_2nd', 'delay_p90'].map((name) => row[name]);
        if (Number(row['peers']) > 1) expect(Number(delays[0])).toBeLessThanOrEqual(Number(delays[1]));
        else expect(row).toMatchObject({ delay_2nd: null, delay_p50: 0, delay_p90: 0 });
        if (row['delay_received'] !== null)
          expect(Number(row['delay_received'])).toBeLessThanOrEqual(Number(row['delay_processed']));
      }
    });

    it('ping: has a round trip for each pong', async () => {
      const pongs = said('in', 'pong').length;
      expect(await rows('SELECT count(*) AS points, count(*) FILTER (rtt > 0) AS real FROM ping')).toEqual([
        { points: pongs, real: pongs },
      ]);
      expect(pongs).toBeGreaterThan(0);
    });

    it('addr_relay: has what the peers told, by network', async () => {
      const networks = ['ipv4', 'ipv6', 'torv2', 'torv3', 'i2p', 'cjdns', 'yggdrasil', 'unknown'];
      // btcds tell each new peer where they are themselves.
      const others = transcripts()
        .filter((_, i) => i < SCRIPTED)
        .flatMap((each) => each.in.filter(({ command }) => command === 'addr' || command === 'addrv2'));
      expect(others.map(({ payload }) => payload[0])).toEqual(others.map(() => 0));
      const told = [...record.addresses.values()].reduce((sum, count) => sum + count, 0);
      const sums = ['messages', 'entries', ...networks].map((each) => `sum("${each}")::INT AS "${each}"`);
      expect(await rows(`SELECT ${sums.join()} FROM addr_relay`)).toEqual([
        { messages: 2 + others.length, entries: told, ...Object.fromEntries(record.addresses) },
      ]);
    });

    it('rejects: has each violation and the end of each connection, by reason', async () => {
      const found = await rows(
        `SELECT reason, sum(violations)::INT AS violations, sum(disconnects)::INT AS disconnects
         FROM rejects WHERE reason != '' GROUP BY reason`,
      );
      const violations = found.filter((row) => row['violations'] !== 0);
      expect(Object.fromEntries(violations.map((row) => [row['reason'], row['violations']]))).toEqual(
        Object.fromEntries(record.violations),
      );
      const ends = found.filter((row) => row['disconnects'] !== 0);
      expect(Object.fromEntries(ends.map((row) => [row['reason'], row['disconnects']]))).toEqual({
        'duplicate-version': 1,
        'wrong-checksum': 1,
        'closed-by-peer': 1,
        stopped: 4,
      });
      const sum = (column: string): number => found.reduce((total, row) => total + Number(row[column]), 0);
      expect(
        await rows(
          'SELECT sum(total_violations)::INT AS violations, sum(total_disconnects)::INT AS disconnects FROM rejects',
        ),
      ).toEqual([{ violations: sum('violations'), disconnects: sum('disconnects') }]);
    });

    it('peers: has what each peer claimed at each handshake', async () => {
      const claimed = said('in', 'version')
        .filter(({ payload }) => payload.length > 80 && payload.readInt32LE(0) > 0)
        .map(claimsOf);
      expect(
        sorted(
          await rows(
            'SELECT version, services, start_height, relay, user_agent FROM peers WHERE version IS NOT NULL',
          ),
        ),
      ).toEqual(sorted(claimed));
      expect(claimed).toHaveLength(7);
      expect(claimed).toContainEqual(
        expect.objectContaining({ user_agent: SCRIPTED_AGENT, start_height: SCRIPTED_HEIGHT }),
      );
      expect(claimed).toContainEqual(
        expect.objectContaining({
          user_agent: expect.stringMatching(/btcd:0\.26/) as string,
          start_height: 110,
        }),
      );
    });

    it('peers: counts them', async () => {
      expect(
        await rows(
          `SELECT total_connected, outbound, inbound, spv, fullnode, num_banned FROM peers
           WHERE total_connected IS NOT NULL ORDER BY time DESC LIMIT 1 OFFSET 1`,
        ),
      ).toEqual([{ total_connected: 4, outbound: 4, inbound: 0, spv: 0, fullnode: 4, num_banned: 0 }]);
    });

    it('btcdmon: lost nothing', async () => {
      expect(
        await rows(
          `SELECT exporter, sent = acked AS confirmed, dropped, retried FROM btcdmon WHERE exporter != '' ORDER BY time DESC LIMIT 1`,
        ),
      ).toEqual([{ exporter: 'duckdb', confirmed: true, dropped: 0, retried: 0 }]);
    });
  });
});
