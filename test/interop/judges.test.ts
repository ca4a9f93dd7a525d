import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BlockProcessor } from '../../src/chain/block-processor';
import { syncChain } from '../../src/chain/chain-sync';
import { HeaderChain } from '../../src/chain/header-chain';
import type { HeaderTable } from '../../src/chain/header-table';
import { CHAIN_PARAMS } from '../../src/chain/params';
import { inputSigopCosts } from '../../src/wire/sigop-cost';
import { legacySigops } from '../../src/wire/sigops';
import { SystemClock } from '../../src/lib/clock';
import { processedBlocks } from '../../src/metrics/collectors/processed-blocks';
import { Pool } from '../../src/p2p/pool';
import { type Block, parseBlock } from '../../src/wire/block';
import { bcoinFacts, type BlockFacts, SHARED_BLOCKS, type SharedBlock } from '../support/block-facts';
import { NO_COMPACT } from '../support/compact';
import { Cleanup } from '../support/cleanup';
import { sharedBlocks } from '../support/data';
import { btcdFacts, btcdMiner, buildJudge, go } from '../support/go-judge';
import { benchOf } from '../support/points';
import { runProgram } from '../support/program';
import { blockThing, ServingPeer } from '../support/serving-peer';
import { openStored, type Row } from '../support/stored';
import { until } from '../support/until';

/** Building the judge for the first time compiles a part of btcd. */
const BUILD_MS = 300_000;

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function folder(): string {
  return cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-judges-')), (name) =>
    rmSync(name, { recursive: true }),
  );
}

/** How often each row occurs, in an order that depends on the rows alone. */
function tally(rows: readonly (readonly (string | number)[])[]): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.join(' '), (counts.get(row.join(' ')) ?? 0) + 1);
  return [...counts].map(([row, count]) => `${row} x ${count}`).sort();
}

/** What the series should hold of relayed blocks and their transactions, by what a judge says of them. */
function expected(blocks: readonly BlockFacts[]): Series {
  const relayed = blocks.flatMap(({ transactions }) => transactions.slice(1));
  return {
    processed_blocks: tally(
      blocks.map(({ hash, size, weight, transactions, inputs, outputs }) => [
        hash,
        'orphan',
        size,
        weight,
        transactions.length,
        inputs,
        outputs,
      ]),
    ),
    tx: tally(
      relayed.map(({ txid, version, size, weight, vsize, inputs, outputs }) => [
        txid,
        version,
        size,
        weight,
        vsize,
        inputs.length,
        outputs.length,
      ]),
    ),
    tx_inputs: tally(
      relayed.flatMap(({ inputs }) =>
        inputs.map((input) => [input.sigScriptSize, input.witnessSize, input.sequence]),
      ),
    ),
    tx_outputs: tally(
      relayed.flatMap(({ outputs }) => outputs.map(({ type, size, value }) => [type, size, value])),
    ),
    refused_coinbases: [String(blocks.length)],
  };
}

type Series = Readonly<Record<string, readonly string[]>>;

/** The same, by what the program has stored. */
const QUERIES: Readonly<Record<string, string>> = {
  processed_blocks:
    'SELECT sha, status, size, weight, num_tx, num_inputs, num_outputs, count(*) FROM processed_blocks GROUP BY ALL',
  tx: 'SELECT sha, version_num, tx_size, weight, vsize, num_inputs, num_outputs, count(*) FROM tx GROUP BY ALL',
  tx_inputs: 'SELECT sig_script_len, witness_size, sequence_num, count(*) FROM tx_inputs GROUP BY ALL',
  tx_outputs: 'SELECT script_type, size, value, count(*) FROM tx_outputs GROUP BY ALL',
  refused_coinbases: "SELECT sum(violations) FROM rejects WHERE reason = 'invalid-tx'",
};

async function stored(file: string): Promise<Series> {
  const store = await openStored(file);
  try {
    const series: Record<string, string[]> = {};
    for (const [name, sql] of Object.entries(QUERIES))
      series[name] = (await store.rows(sql)).map(line).sort();
    return series;
  } finally {
    store.close();
  }
}

/** A row as `tally` writes it; a row of one column as it is. */
function line(row: Row): string {
  const values = Object.values(row).map(String);
  return values.length === 1 ? values.join() : `${values.slice(0, -1).join(' ')} x ${String(values.at(-1))}`;
}

/**
 * Serves blocks, then each of their transactions, to the program; returns what its store holds afterwards.
 */
async function relay(network: SharedBlock['network'], files: readonly string[]): Promise<Series> {
  const home = folder();
  const blocks = files.map((file) => readFileSync(file));
  const peer = cleanup.add(await ServingPeer.start(network), (it) => it.stop());
  const program = runProgram(['-n', network, '-c', peer.address, '--interval', '1s'], home);
  await until('the handshake', () => peer.isReady, { giveUp: program.ended });
  const { connection } = peer;
  const things = blocks.map(blockThing);
  peer.announce(things);
  await until('all blocks to be asked for', () => peer.hasServed(things), { giveUp: program.ended });
  for (const block of blocks)
    for (const { start, end } of parseBlock(block).transactions)
      connection.send('tx', block.subarray(start, end));
  connection.send('ping', Buffer.alloc(8, 7));
  await until('everything to be read', () => connection.commands().includes('pong'), {
    giveUp: program.ended,
  });
  expect(await program.stop()).toBe(0);
  return stored(path.join(home, '.btcdmon', 'btcdmon.duckdb'));
}

/** A chain of headers that has the parent of a block at its height, as if all below had been fetched. */
function chainBelow(network: SharedBlock['network'], block: Block, height: number): HeaderChain {
  const chain = new HeaderChain(CHAIN_PARAMS[network], { unixTime: () => Date.now() / 1_000 });
  // 900,000 headers are not at hand, and none can be made that has the hash that the block names.
  const { table } = chain as unknown as { readonly table: HeaderTable };
  const record = { parent: 0, height: height - 1, time: block.time - 600, bits: block.bits, work: 1n << 64n };
  table.add(block.bytes.subarray(4, 36), 0, record);
  return chain;
}

/** Serves a block to sessions, header chain and validation as the listener has them; gives its point. */
async function judged({ network }: SharedBlock, file: string, height: number): Promise<string> {
  const bytes = readFileSync(file);
  const peer = cleanup.add(await ServingPeer.start(network), (it) => it.stop());
  const bench = benchOf([processedBlocks]);
  const { bus } = bench;
  const clock = new SystemClock();
  const chain = chainBelow(network, parseBlock(bytes), height);
  const faults: unknown[] = [];
  syncChain({
    chain,
    processor: new BlockProcessor({ chain, clock, bus, headerAdded: () => undefined }),
    bus,
    clock,
    askHeaders: (to, locator) => pool.askHeaders(to, locator),
    report: (_, violation) => faults.push(violation),
    askAgain: (hash) => faults.push(hash),
    headerAdded: () => undefined,
    advanced: () => undefined,
  });
  const endpoint = { host: '127.0.0.1', port: peer.port };
  const pool = new Pool(
    { network, connect: [endpoint], userAgent: '/test/', wtxidRelay: true, txPerSecond: 200 },
    {
      bus,
      clock,
      ...NO_COMPACT,
      reportUnreachable: (...what) => faults.push(what),
      fault: (error) => faults.push(error),
    },
  );
  const point = new Promise<string>((resolve) =>
    bus.on('processedBlock', () => resolve(bench.lines().join())),
  );
  pool.start();
  try {
    await until('the handshake', () => peer.isReady);
    peer.announce([blockThing(bytes)]);
    return await point;
  } finally {
    await pool.stop();
    expect(faults).toEqual([]);
  }
}

function judgedBy(facts: (block: SharedBlock, file: string) => BlockFacts, shared: string): void {
  const fileOf = ({ file }: SharedBlock): string => path.join(shared, file);

  it.each(['mainnet', 'testnet3'] as const)(
    'every count, size and type of the blocks of %s that came over TCP is the judge’s',
    async (network) => {
      const blocks = SHARED_BLOCKS.filter((block) => block.network === network);
      const series = await relay(network, blocks.map(fileOf));
      expect(series).toEqual(expected(blocks.map((block) => facts(block, fileOf(block)))));
      expect(series['tx_outputs']?.length).toBeGreaterThan(100);
    },
  );

  it.each(SHARED_BLOCKS)('$file is accepted, and its fees are the judge’s', async (block) => {
    const file = fileOf(block);
    const { height, fees, inputs, outputs, size, weight } = facts(block, file);
    const line = await judged(block, file, height);
    expect(line).toContain('status="accepted"');
    for (const [column, value] of Object.entries({
      height,
      total_tx_fees: fees,
      num_inputs: inputs,
      num_outputs: outputs,
      size,
      weight,
    }))
      expect(line).toMatch(new RegExp(`[ ,]${column}=${value}i[ ,]`));
  });
}

sharedBlocks.describe('blocks, by bcoin', (shared) => {
  judgedBy((_, file) => bcoinFacts(file), shared);
});

sharedBlocks.describe('blocks, by btcd', (shared) => {
  go.describe('in Go', (program) => {
    let judge: string;
    beforeAll(() => (judge = buildJudge(program, folder())), BUILD_MS);

    judgedBy((block, file) => btcdFacts(judge, block, file), shared);

    it.each(SHARED_BLOCKS)('$file has the version, the text and the signature operations', async (block) => {
      const file = path.join(shared, block.file);
      const facts = btcdMiner(judge, file);
      const { transactions } = parseBlock(readFileSync(file));
      expect(transactions.map(legacySigops)).toEqual(facts.legacySigops);
      const known = facts.inputCosts.flatMap((costs, i) => {
        const [transaction] = transactions.slice(i, i + 1);
        const ours = transaction === undefined ? [] : inputSigopCosts(transaction);
        return costs.flatMap((cost, input) => (cost < 0 ? [] : [[i, input, cost, ours[input]] as const]));
      });
      expect(known.filter(([, , theirs, ours]) => theirs !== ours)).toEqual([]);
      expect(known.length).toBeGreaterThan(10);

      const fields = await judged(block, file, btcdFacts(judge, block, file).height);
      expect(fields).toContain(`,version=${facts.version}i,`);
      expect(fields).toContain(`,coinbase_text=${JSON.stringify(facts.coinbaseText)},`);
      // btcd divides whole numbers, Core and the listener floating ones: the last bit may differ.
      const difficulty = Number(/,difficulty=([^,]+),/.exec(fields)?.[1]);
      expect(Math.abs(difficulty / Number(facts.difficulty) - 1)).toBeLessThan(1e-15);
      expect(/,version_bits="([^"]*)",/.exec(fields)?.[1] ?? '').toBe(facts.deployments.join());
      const own = facts.legacySigops.reduce((sum, sigops) => sum + 4 * sigops, 0);
      const sigops = Number(/,sigops=(\d+)i,/.exec(fields)?.[1]);
      expect(sigops).toBeGreaterThanOrEqual(own);
      expect(sigops).toBeLessThanOrEqual(80_000);
    });
  });
});
