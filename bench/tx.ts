// Whole blocks: read, with the txid, output types and standardness of each transaction. Beside it, on the
// same bytes in the same run, taking turns: bcoin's reading, txids and types; btcd's decoding and txids, in
// Go on one core; and the hashing alone, as this program does it, which bounds its speed. Everything is in
// processor time, that of garbage collectors included, so that what else the machine does counts for nothing.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import '#dist/bcoin/backend';
import BcoinBlock from 'bcoin/lib/primitives/block';
import { parseBlock } from '#dist/wire/block';
import { hashMany } from '#dist/wire/hash-many';
import { POLICY_NAMES, type PolicyName, standardness } from '#dist/policy/standardness';
import { type SpeedJudge, startJudge } from './support/go-judge';
import { median } from './support/median';

/** The first rounds are for the compilers. */
const WARM_UP = 5;
const ROUNDS = 25;
/** About how long a turn lasts. */
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

/** Bytes of the lengths that are hashed for the txids: those of each transaction without its witness. */
function hashedBytes(bytes: Buffer): Buffer[] {
  return parseBlock(bytes).transactions.map(({ start, strippedSize }) =>
    bytes.subarray(start, start + strippedSize),
  );
}

const nothing = (): void => undefined;

/** Reads a block so many times; returns the milliseconds of one reading. */
type Contestant = (runs: number) => number | Promise<number>;

const here =
  (read: () => unknown): Contestant =>
  (runs) => {
    const start = process.cpuUsage();
    for (let run = 0; run < runs; run++) read();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / runs;
  };

/** The median milliseconds of one reading by each contestant, who take turns. */
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

/** Prints one line; `all` in the times is our reading by the slower one of both policies. */
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
    console.log('tx: not run: the blocks of ../shared/data/blocks are not there');
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
