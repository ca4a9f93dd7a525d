// Measures how fast whole blocks are parsed, with the txid, the output types and the standardness of each
// transaction. Compares it, on the same bytes in the same run, with bcoin (parsing, txids and types), with
// btcd (decoding and txids, in Go on one core), and with our hashing alone, which is the limit of our speed.
// They take turns. All times are processor time, that of the garbage collectors included, so that other work
// of the machine does not count.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import '#dist/bcoin/backend';
import BcoinBlock from 'bcoin/lib/primitives/block';
import { parseBlock } from '#dist/wire/block';
import { hashMany } from '#dist/wire/hash-many';
import { POLICY_NAMES, type PolicyName, standardness } from '#dist/policy/standardness';
import { type SpeedJudge, startJudge } from './support/go-judge';
import { median } from './support/median';

/** The first rounds only warm up the JIT compiler. */
const WARM_UP = 5;
const ROUNDS = 25;
/** About how long a turn lasts, in milliseconds. */
const TURN_MS = 10;

function readWithBcoin(bytes: Buffer): void {
  for (const tx of BcoinBlock.fromRaw(bytes).txs) {
    tx.txid();
    for (const output of tx.outputs) output.getType();
  }
}

function readWithOurs(bytes: Buffer, policy: PolicyName): void {
  const block = parseBlock(bytes);
  block.wireTxids();
  for (const transaction of block.transactions) standardness(policy, transaction);
}

/**
 * For each transaction a piece of the block that is as long as what its txid hashes: the transaction without
 * witnesses.
 */
function hashedBytes(bytes: Buffer): Buffer[] {
  return parseBlock(bytes).transactions.map(({ start, strippedSize }) =>
    bytes.subarray(start, start + strippedSize),
  );
}

const nothing = (): void => undefined;

/** Parses a block `runs` times. Returns the time of one pass in milliseconds. */
type Contestant = (runs: number) => number | Promise<number>;

const here =
  (read: () => unknown): Contestant =>
  (runs) => {
    const start = process.cpuUsage();
    for (let run = 0; run < runs; run++) read();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / runs;
  };

/** Lets the contestants take turns. Returns the median time of a pass of each in milliseconds. */
async function race(contestants: Readonly<Record<string, Contestant>>): Promise<Record<string, number>> {
  const racers = Object.entries(contestants).map(([name, read]) => ({ name, read, times: [] as number[] }));
  for (let round = 0; round < WARM_UP + ROUNDS; round++)
    for (const { read, times } of racers) {
      const last = times.at(-1) ?? TURN_MS;
      times.push(await read(Math.max(1, Math.round(TURN_MS / last))));
    }
  return Object.fromEntries(racers.map(({ name, times }) => [name, median(times.slice(WARM_UP))]));
}

/** Milliseconds by contestant. */
type Times = Readonly<Record<string, number>>;

/** Prints one line. `all` is our time with the slower one of the two policies. */
function report(name: string, bytes: number, ms: Times, judge: SpeedJudge | null): void {
  const { all = NaN, bcoin = NaN, go = NaN, hashing = NaN, parse = NaN } = ms;
  const times = (other: number): string => (other / all).toFixed(2);
  const percent = (part: number): string => `${((100 * part) / all).toFixed(0)} %`;
  const beside = judge === null ? '' : `, ${times(go)} times btcd's (${judge.version})`;
  console.log(
    `tx: ${name}: ${(bytes / all / 1000).toFixed(0)} MB/s, ${times(bcoin)} times bcoin's${beside}; ` +
      `hashing alone is ${percent(hashing)} of it, parsing alone ${percent(parse)}`,
  );
}

async function measure(file: string, bytes: Buffer, judge: SpeedJudge | null): Promise<Times> {
  const hashed = hashedBytes(bytes);
  const ms = await race({
    bcoin: here(() => readWithBcoin(bytes)),
    parse: here(() => parseBlock(bytes)),
    ...Object.fromEntries(POLICY_NAMES.map((policy) => [policy, here(() => readWithOurs(bytes, policy))])),
    hashing: here(() => hashMany(hashed, (part) => part, nothing)),
    ...(judge === null ? {} : { go: (runs: number) => judge.read(file, runs) }),
  });
  return { ...ms, all: Math.max(...POLICY_NAMES.map((policy) => ms[policy] ?? NaN)) };
}

async function main(): Promise<void> {
  const folder = path.join(__dirname, '..', '..', 'shared', 'data', 'blocks');
  if (!existsSync(folder)) {
    console.log('tx: not run: ../shared/data/blocks was not found');
    return;
  }
  const files = readdirSync(folder).map((name) => path.join(folder, name));
  const judge = startJudge(files);
  if (judge === null) console.log('tx: not compared with btcd: Go was not found; install Go 1.25 or newer');
  let total = 0;
  const sums: Record<string, number> = {};
  for (const file of files) {
    const bytes = readFileSync(file);
    const ms = await measure(file, bytes, judge);
    total += bytes.length;
    for (const [name, each] of Object.entries(ms)) sums[name] = (sums[name] ?? 0) + each;
    report(path.basename(file), bytes.length, ms, judge);
  }
  report('all together', total, sums, judge);
  await judge?.stop();
}

void main();
