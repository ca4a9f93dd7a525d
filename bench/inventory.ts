// Measures what an item of an inventory costs: decoded, looked up and, if it is new, remembered, with five
// million hashes remembered, all of it on one core. Compares it with a Map of hexadecimal strings and with
// bcoin's decoder and rolling filter, which get the same messages. Each runs in a process of its own, so that
// its memory can be measured. Times are processor time, that of the garbage collector
// included. Exits with status 1 if a remembered hash takes more than 24 bytes, or if hashes are not told
// apart.
import { randomFillSync } from 'node:crypto';
import '#dist/bcoin/backend';
import packets from 'bcoin/lib/net/packets';
import { RollingFilter } from 'bfilter';
import { RollingHashes } from '#dist/lib/rolling-hashes';
import { decodeInventory, INV_WTX, ITEM_BYTES } from '#dist/wire/messages/inventory';
import { median } from './support/median';
import { collectGarbage, finish, partOf, runPart } from './support/own-process';

const REMEMBERED = 5_000_000;

/** Items of one message, as of Core. */
const ITEMS = 1_000;

/** A round has so many messages, whose items are new; and then as many of eight peers that tell the same. */
const MESSAGES = 160;
const TELLERS = 8;

const ROUNDS = 7;

/** How often bcoin's filter takes a new hash for a known one: bcoin's own choice (`lib/net/pool.js`). */
const RATE = 0.000_001;

const MOST_BYTES = 24;

interface Result {
  /** Nanoseconds for an item that is new, and for one that eight peers tell one after another. */
  readonly freshNs: number;
  readonly mixedNs: number;
  /** Bytes of memory for each of the five million. */
  readonly bytes: number;
  /** Whether new and known items were told apart, but for one in a thousand. */
  readonly isRight: boolean;
}

/** Decodes a message, and remembers its items. Returns how many were known. */
type Contestant = (payload: Buffer) => number;

function ours(): Contestant {
  const seen = new RollingHashes(REMEMBERED);
  return (payload) => {
    let known = 0;
    for (const { hash } of decodeInventory(payload))
      if (seen.has(hash)) known++;
      else seen.add(hash);
    return known;
  };
}

function map(): Contestant {
  let seen = new Map<string, true>();
  let old = new Map<string, true>();
  return (payload) => {
    let known = 0;
    for (let at = 3 + 4; at < payload.length; at += ITEM_BYTES) {
      const hash = payload.toString('hex', at, at + 32);
      if (seen.has(hash) || old.has(hash)) {
        known++;
        continue;
      }
      if (seen.size >= REMEMBERED) {
        old = seen;
        seen = new Map();
      }
      seen.set(hash, true);
    }
    return known;
  };
}

function bcoin(): Contestant {
  const seen = new RollingFilter(REMEMBERED, RATE);
  return (payload) => {
    let known = 0;
    const { items } = packets.fromRaw('inv', payload) as unknown as {
      readonly items: readonly { readonly hash: string }[];
    };
    for (const { hash } of items)
      if (seen.test(hash, 'hex')) known++;
      else seen.add(hash, 'hex');
    return known;
  };
}

/**
 * The contestants, and how often they are filled before they are measured: ours until both of its generations
 * are full.
 */
const CONTESTANTS: Readonly<Record<string, { readonly start: () => Contestant; readonly fills: number }>> = {
  ours: { start: ours, fills: 2 },
  map: { start: map, fills: 1 },
  bcoin: { start: bcoin, fills: 1 },
};

/** A message of new items. */
function message(payload: Buffer = Buffer.alloc(3 + ITEMS * ITEM_BYTES)): Buffer {
  randomFillSync(payload);
  payload.writeUInt8(0xfd, 0);
  payload.writeUInt16LE(ITEMS, 1);
  for (let i = 0; i < ITEMS; i++) payload.writeUInt32LE(INV_WTX, 3 + i * ITEM_BYTES);
  return payload;
}

/** Memory of the process in bytes: of the heap, and outside of it. */
function memory(): number {
  // What the first collection frees outside of the heap is subtracted by the second.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The processor time of an item in nanoseconds. */
function timeOf(payloads: readonly Buffer[], take: (payload: Buffer) => void): number {
  const start = process.cpuUsage();
  for (const payload of payloads) take(payload);
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / (payloads.length * ITEMS);
}

function measure({ start, fills }: (typeof CONTESTANTS)[string]): Result {
  const payload = message();
  const before = memory();
  const take = start();
  for (let i = 1; i < (fills * REMEMBERED) / ITEMS; i++) take(message(payload));
  const bytes = (memory() - before) / REMEMBERED;
  const fresh: number[] = [];
  const mixed: number[] = [];
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const news = Array.from({ length: MESSAGES }, () => message());
    fresh.push(timeOf(news, (each) => (wrong += take(each))));
    const some = Array.from({ length: MESSAGES / TELLERS }, () => message());
    const told = Array.from({ length: TELLERS }, () => some).flat();
    let known = 0;
    mixed.push(timeOf(told, (each) => (known += take(each))));
    wrong += Math.abs(known - (told.length - some.length) * ITEMS);
  }
  const isRight = wrong < (ROUNDS * MESSAGES * ITEMS) / 1_000;
  return { freshNs: median(fresh), mixedNs: median(mixed), bytes, isRight };
}

async function main(): Promise<void> {
  const results: Record<string, Result> = {};
  for (const name of Object.keys(CONTESTANTS)) results[name] = await runPart<Result>(__filename, name);
  const of = (name: string, figure: 'bytes' | 'freshNs' | 'mixedNs'): number =>
    results[name]?.[figure] ?? NaN;
  const perSecond = (ns: number): string => `${(1_000 / ns).toFixed(2)} million a second`;
  const times = (name: string, figure: 'freshNs' | 'mixedNs'): string =>
    `${(of(name, figure) / of('ours', figure)).toFixed(1)} times as fast as ${name}`;
  const both = (figure: 'freshNs' | 'mixedNs'): string =>
    `${perSecond(of('ours', figure))}, ${times('map', figure)}, ${times('bcoin', figure)}`;
  console.log(
    `inventory: with ${REMEMBERED} hashes remembered, items that are new: ${both('freshNs')}; ` +
      `items that ${TELLERS} peers announce: ${both('mixedNs')}`,
  );
  console.log(
    `inventory: bytes for each of the ${REMEMBERED}: ${of('ours', 'bytes').toFixed(1)}, ` +
      `map ${of('map', 'bytes').toFixed(1)}, bcoin's filter ${of('bcoin', 'bytes').toFixed(1)}`,
  );
  const isRight = Object.values(results).every((result) => result.isRight);
  if (!isRight) console.log('inventory: HASHES WERE NOT TOLD APART');
  if (!isRight || of('ours', 'bytes') > MOST_BYTES) process.exitCode = 1;
}

const part = partOf();
const contestant = part === undefined ? undefined : CONTESTANTS[part];
if (contestant === undefined) void main();
else finish(measure(contestant));
