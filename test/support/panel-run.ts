import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineSerializer } from '../../src/export/line';
import { isLineExporter } from '../../src/export/open-exports';
import { createExporter } from '../../src/export/registry';
import { SystemClock } from '../../src/lib/clock';
import { connectClient } from '../../src/query/client';
import { allRows } from '../../src/query/result';
import type { Source } from '../../src/query/source';
import { StoreWriter } from '../../src/store/writer';
import { mineBlock } from '../chain/mine';
import { ChainPeer } from './chain-peer';
import { RETURN, asn, program as mapOf } from './asmap';
import type { Cleanup } from './cleanup';
import { dialListener } from './fake-peer';
import { freePort } from './free-port';
import { announceTooMuch, misbehave, tellAddresses } from './hour/act-gossip';
import { ScriptRecord } from './hour/record';
import { ScriptedPeer } from './hour/scripted-peer';
import { type Program, runProgram } from './program';
import { headersOf, startRegtest } from './regtest-child';
import { SIMULATED_CRAWL_MS, simulatedCrawls } from './simulated-crawls';
import { until } from './until';

/** How often the listener writes an interval. */
const PANEL_INTERVAL_MS = 500;

/** 100 sat/kvB, the least that Bitcoin Core 31 relays. */
const FEE_FILTER = Buffer.from('6400000000000000', 'hex');

/** The version of blocks that signal bit 0 (BIP9) and use bit 14 as a nonce (BIP320). */
const SIGNALLING = 0x2000_4001;

/** Name of the node. */
export const PANEL_NODE = 'panels';

/** A running listener on a regtest network that shows it everything that panels are about. */
export interface PanelRun {
  /** File of its store. */
  readonly store: string;
  readonly program: Program;
  /** The store, which is asked through the program. */
  readonly source: Source;
}

/**
 * The points that come last: announcements are gathered for half a minute, and pings are half a minute apart.
 * All other points are there by then.
 */
const LAST_SIGNS = [
  `SELECT 1 FROM propagation WHERE kind = 'block' HAVING count(delay_p90) > 5`,
  `SELECT 1 FROM propagation WHERE kind = 'tx' HAVING count(delay_p90) > 20`,
  `SELECT 1 FROM propagation WHERE kind = 'tx' HAVING count(delay_confirmed) > 20`,
  'SELECT 1 FROM ping HAVING count(*) > 2',
  'SELECT 1 FROM double_spends HAVING count(*) > 2',
  `SELECT 1 FROM processed_blocks WHERE status = 'orphan'`,
  `SELECT 1 FROM processed_blocks WHERE status = 'rejected'`,
  `SELECT 1 FROM processed_blocks WHERE status = 'unrequested'`,
  `SELECT 1 FROM processed_blocks WHERE status = 'duplicate'`,
  'SELECT 1 FROM compact_blocks HAVING count(rebuild_time) > 0',
  'SELECT 1 FROM reorgs HAVING max(depth) > 1',
  'SELECT 1 FROM chain_tips HAVING max(stale_rate) > 0',
  'SELECT 1 FROM peers HAVING max(fee_filter_low) > 0',
  'SELECT 1 FROM fee_error LIMIT 1',
  'SELECT 1 FROM block_templates WHERE is_empty LIMIT 1',
  'SELECT 1 FROM block_templates HAVING count(missing_age_p50) > 0 AND count(since_parent) > 0',
  'SELECT 1 FROM replacements HAVING count(extra_fee) > 0',
  `SELECT 1 FROM policy_differential WHERE rule <> 'none' HAVING sum(confirmed) > 0 AND count(DISTINCT policy) > 1`,
  'SELECT 1 FROM tx_outputs WHERE is_dust HAVING count(*) > 3',
];

/**
 * Runs the program on the demo's network with a hostile peer, a peer with a chain of its own and one that
 * dials the program, until every series has points. It takes about 40 seconds, mostly of waiting. `exports`
 * are added to its store, `args` to its arguments.
 */
export async function startPanelRun(
  folder: string,
  { exports = [], args = [] }: { readonly exports?: readonly string[]; readonly args?: readonly string[] },
  cleanup: Cleanup,
): Promise<PanelRun> {
  const network = cleanup.add(await startRegtest(), (it) => it.stop());
  const scripted = cleanup.add(await ScriptedPeer.start(), (it) => it.stop());
  const rival = cleanup.add(await ChainPeer.start(), (it) => it.stop());
  const store = path.join(folder, 'panels.duckdb');
  const listen = await freePort();
  const asMap = path.join(folder, 'map.dat');
  await writeFile(asMap, mapOf(RETURN, asn(1)));
  const list = path.join(folder, 'list.txt');
  await writeFile(list, '127.0.0.0/8 # every peer of this run\n');
  await writeCrawls(store, exports);
  const ports = [...network.endpoints, scripted, rival].map(({ port }) => port);
  const program = cleanup.add(
    runProgram(
      [
        ...['--network', 'regtest', '--interval', `${PANEL_INTERVAL_MS}ms`, '--node', PANEL_NODE],
        ...[
          '--listen',
          `127.0.0.1:${listen}`,
          ...ports.flatMap((port) => ['--connect', `127.0.0.1:${port}`]),
        ],
        ...[`duckdb:${store}`, ...exports].flatMap((url) => ['--export', url]),
        ...['--asmap', asMap, '--label', `local=${list}`, '--arrivals', '--arrivals-sample', '1'],
        ...args,
      ],
      folder,
    ),
    (it) => it.stop(),
  );
  const patience = { giveUp: program.ended, ms: 240_000 };
  const source = cleanup.add(
    await until('the store to answer', async () => (await connectClient(store)) ?? undefined, patience),
    (it) => it.close(),
  );
  const untilRow = async (what: string, sql: string): Promise<Record<string, never>> =>
    until(what, async () => (await allRows(await source.raw(sql))).length > 0, patience).then(() => ({}));
  await untilRow('the handshakes', `SELECT 1 FROM peers HAVING count(version) >= ${ports.length}`);
  network.startTraffic();
  await untilRow('a block', 'SELECT 1 FROM blocks LIMIT 1');

  const record = new ScriptRecord();
  const stage = { scripted, record, listeners: [{ untilRow }], pause: sleep };
  await call(listen);
  await sendBlocks(network.endpoints[0]?.port ?? 0, scripted, rival);
  await reorganise(network.endpoints[0]?.port ?? 0, rival);
  tellAddresses(stage);
  scripted.say('feefilter', FEE_FILTER);
  await announceTooMuch(stage);
  await misbehave(stage);
  for (const sql of LAST_SIGNS) await untilRow(sql, sql);
  return { store, program, source };
}

/** Writes the points of two simulated crawls, as the program would have before the listener began. */
async function writeCrawls(store: string, urls: readonly string[]): Promise<void> {
  const at = { startMs: Date.now() - SIMULATED_CRAWL_MS, everyMs: 1, crawls: 2, nodes: 20 };
  const points = simulatedCrawls(at).map((point) => ({
    ...point,
    tags: { ...point.tags, node: PANEL_NODE, network: 'regtest' },
  }));
  const writer = new StoreWriter({ path: store });
  await writer.open();
  await writer.write(points);
  await writer.close();
  const { lines } = new LineSerializer({ maxBytes: 65_536 }).serializeAll(points);
  for (const url of urls) {
    const exporter = createExporter(url, { clock: new SystemClock(), warn: () => undefined, env: {} });
    if (!isLineExporter(exporter)) continue;
    await exporter.open();
    await exporter.writeLines({ id: 'crawls', lines: Buffer.from(lines), points: points.length });
    await exporter.close();
  }
}

/**
 * Acts like a crawler: wants no transactions, asks for addresses and disconnects. Then like a scanner, who
 * does not introduce himself.
 */
async function call(port: number): Promise<void> {
  const crawler = await dialListener(port, { claims: { relay: false, userAgent: '/crawler:1/', height: 1 } });
  await until('the crawler to be let in', () => crawler.commands().includes('verack'));
  crawler.send('getaddr');
  await sleep(PANEL_INTERVAL_MS * 2);
  crawler.socket.end();
  const scanner = await dialListener(port, { mute: true });
  scanner.send('ping', Buffer.alloc(8));
}

/** Sends a block whose parent is unknown, an invalid one, an unrequested one, and the last one again. */
async function sendBlocks(port: number, scripted: ScriptedPeer, rival: ChainPeer): Promise<void> {
  const headers = await headersOf(port);
  const on = headers.at(-4) ?? Buffer.alloc(80);
  const height = headers.length - 2;
  const time = on.readUInt32LE(68) + 1;
  const lower = mineBlock({ on, height, salt: 8, time });
  rival.announce(mineBlock({ on: lower, height: height + 1, salt: 8, time: time + 1 }));
  rival.announce(mineBlock({ on, height, salt: 9, time, merkleRoot: Buffer.alloc(32, 1) }));
  rival.announce(lower);
  scripted.say('block', mineBlock({ on, height, salt: 10, time }));
  await sleep(PANEL_INTERVAL_MS);
  scripted.say('block', lower);
}

/**
 * Announces a branch of three blocks on the last block but one. It becomes the best chain until the network
 * has mined as many blocks.
 */
async function reorganise(port: number, rival: ChainPeer): Promise<void> {
  const headers = await headersOf(port);
  const height = headers.length;
  let on = headers.at(-2) ?? Buffer.alloc(80);
  for (let i = 0; i < 3; i++) {
    on = mineBlock({ on, height: height + i, salt: 7, time: on.readUInt32LE(68) + 1, version: SIGNALLING });
    rival.add(on);
    rival.announce(on);
  }
}
