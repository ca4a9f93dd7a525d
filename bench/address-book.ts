// Measures the address book of a listener that wants 20,000 peers, filled with as many addresses as it takes
// from many sources: the memory of an address, and the time in which one is added and in which one to dial is
// found. Prints how much memory a million known addresses take, in as many processes as they need (--shard).
import { randomBytes, randomInt } from 'node:crypto';
import { AddressManager } from '#dist/p2p/join/address-manager';
import { collectGarbage, finish, partOf, runPart } from './support/own-process';

const PEERS = 20_000;
const MILLION = 1_000_000;
const PICKS = 2_000;

/** It is full when so many in a row found no room. */
const IN_VAIN = 2_000;

interface Result {
  readonly addresses: number;
  readonly bytes: number;
  readonly addUs: number;
  readonly pickUs: number;
}

function memory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Processor time in microseconds. */
function processorUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function measure(): Result {
  const unixTime = (): number => 1_800_000_000;
  const before = memory();
  const book = new AddressManager({ network: 'mainnet', peers: PEERS, secret: randomBytes(32), unixTime });
  const begun = processorUs();
  let tried = 0;
  for (let inVain = 0; inVain < IN_VAIN; tried++) {
    const address = randomBytes(4);
    // No private or reserved one.
    address[0] = 44;
    const time = unixTime() - randomInt(86_400);
    const entry = { network: 'ipv4', address, port: 8_333, services: 1_033n, time } as const;
    inVain = book.add(entry, `ipv4:${randomInt(65_536).toString(16)}`) ? 0 : inVain + 1;
  }
  const addUs = (processorUs() - begun) / tried;
  const bytes = memory() - before;
  const pickBegun = processorUs();
  for (let i = 0; i < PICKS; i++) if (book.pick(() => true) === undefined) throw new Error('nothing found');
  return { addresses: book.size, bytes, addUs, pickUs: (processorUs() - pickBegun) / PICKS };
}

async function main(): Promise<void> {
  const { addresses, bytes, addUs, pickUs } = await runPart<Result>(__filename, 'book');
  const shards = Math.ceil(MILLION / addresses);
  const each = bytes / addresses;
  console.log(
    `address-book: full with ${addresses} addresses, ${each.toFixed(0)} bytes each (${(bytes / 1e6).toFixed(0)} MB); ` +
      `${addUs.toFixed(1)} µs to add one, ${pickUs.toFixed(1)} µs to find one; a million need ${shards} shards ` +
      `with ${((each * MILLION) / shards / 1e6).toFixed(0)} MB each, ${((each * MILLION) / 1e6).toFixed(0)} MB together`,
  );
}

if (partOf() === undefined) void main();
else finish(measure());
