// Measures how fast 900,000 headers of the least difficulty pass the chain's checks and reach its file, and
// how fast they are loaded from the file. Compares that with bcoin's chain in memory on the first of these
// headers in the same run, and with the hashing alone.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import '#dist/bcoin/backend';
import Chain from 'bcoin/lib/blockchain/chain';
import { flags } from 'bcoin/lib/blockchain/common';
import Headers from 'bcoin/lib/primitives/headers';
import Network from 'bcoin/lib/protocol/network';
import { HeaderChain } from '#dist/chain/header-chain';
import { HeaderStore } from '#dist/chain/header-store';
import { CHAIN_PARAMS } from '#dist/chain/params';
import { hash256 } from '#dist/wire/hash';
import { HEADER_BYTES } from '#dist/wire/header';
import { MAX_HEADERS } from '#dist/wire/messages/headers';
import { mine } from './support/headers';

const COUNT = 900_000;
const COUNT_BCOIN = 20_000;

// Mainnet's rules with regtest's difficulty, because this bench has to mine the headers.
const params = { ...CHAIN_PARAMS.regtest, minDifficultyBlocks: false };
const unixTime = (): number => Math.floor(Date.now() / 1000);

function newChain(): HeaderChain {
  return new HeaderChain(params, { unixTime });
}

async function bcoinSeconds(headers: Buffer): Promise<number> {
  const network = Object.create(Network.get('regtest')) as Network & { checkpoints: boolean; pow: object };
  network.checkpoints = false;
  network.pow = { ...network.pow, targetReset: false };
  const chain = new Chain({ network, memory: true, spv: true });
  await chain.open();
  const start = performance.now();
  for (let i = 0; i < COUNT_BCOIN; i++) {
    const bytes = headers.subarray(i * HEADER_BYTES, (i + 1) * HEADER_BYTES);
    await chain.add(Headers.fromHead(bytes), flags.VERIFY_POW);
  }
  const seconds = (performance.now() - start) / 1000;
  if (chain.height !== COUNT_BCOIN) throw new Error(`bcoin's chain is at ${chain.height}`);
  await chain.close();
  return seconds;
}

async function main(): Promise<void> {
  const headers = mine(COUNT);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-headers-'));
  try {
    const before = process.memoryUsage.rss();
    const store = HeaderStore.open(directory, 'regtest', params.genesis);
    const chain = newChain();
    let start = performance.now();
    for (let i = 0; i < COUNT; i++) {
      const { status } = chain.add(headers, i * HEADER_BYTES);
      if (status !== 'accepted') throw new Error(`header ${i + 1} is ${status}`);
      store.append(headers, i * HEADER_BYTES);
      if ((i + 1) % MAX_HEADERS === 0) store.flush();
    }
    const added = (performance.now() - start) / 1000;
    const memory = (process.memoryUsage.rss() - before) / 1e6;
    store.close();

    const again = HeaderStore.open(directory, 'regtest', params.genesis);
    const resumed = newChain();
    start = performance.now();
    const loaded = await again.load(resumed);
    const resume = (performance.now() - start) / 1000;
    again.close();
    if (loaded.headers !== COUNT || loaded.cut !== 0) throw new Error(JSON.stringify(loaded));

    start = performance.now();
    for (let i = 0; i < COUNT; i++) hash256(headers.subarray(i * HEADER_BYTES, (i + 1) * HEADER_BYTES));
    const hashing = (performance.now() - start) / 1000;

    const ours = COUNT / added;
    const bcoins = COUNT_BCOIN / (await bcoinSeconds(headers));
    console.log(
      `headers: ${COUNT} checked and stored in ${added.toFixed(1)} s, ${memory.toFixed(0)} MB; ` +
        `checked again from the file in ${resume.toFixed(1)} s; hashing alone takes ${hashing.toFixed(1)} s; ` +
        `${(ours / 1000).toFixed(0)} k/s, bcoin's chain in memory ${(bcoins / 1000).toFixed(1)} k/s: ${(ours / bcoins).toFixed(0)} times`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

void main();
