// The verbose mempool of a node, 200,000 transactions, read over HTTP: entry by entry as it comes, beside
// JSON.parse of the whole. What counts is how long the event loop stands still at most, and the memory.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemTimer } from '#dist/lib/timer';
import { fixedLogin } from '#dist/watch/login';
import { NodeCalls } from '#dist/watch/node-calls';
import { RpcClient } from '#dist/watch/rpc-client';

const TRANSACTIONS = 200_000;
const EACH = 1_000;

/** An entry as btcd writes it, and a fifth of them with a parent in the mempool. */
function entry(n: number): string {
  const txid = n.toString(16).padStart(64, '0');
  const depends = n % 5 === 0 ? [(n + 1).toString(16).padStart(64, '0')] : [];
  return `"${txid}":${JSON.stringify({
    size: 222,
    vsize: 141,
    weight: 561,
    fee: 0.0000282,
    time: 1_795_919_779,
    height: 925_000,
    startingpriority: 148_936.170_212_766,
    currentpriority: 148_936.170_212_766,
    depends,
  })}`;
}

/** Serves the mempool, in another process. */
async function serve(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    response.write('{"jsonrpc":"1.0","result":{');
    let next = 0;
    const more = (): void => {
      while (next < TRANSACTIONS) {
        const entries = Array.from({ length: EACH }, (_, i) => entry(next + i)).join(',');
        next += EACH;
        if (!response.write(next < TRANSACTIONS ? `${entries},` : entries)) {
          response.once('drain', more);
          return;
        }
      }
      response.end('},"error":null,"id":1}\n');
    };
    more();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
}

/** What reading the mempool in one way cost. */
async function measure(read: () => Promise<number>) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await sleep(100);
  const beforeBytes = process.memoryUsage.rss();
  let mostBytes = 0;
  const watch = setInterval(() => (mostBytes = Math.max(mostBytes, process.memoryUsage.rss())), 5);
  delay.enable();
  const beganMs = performance.now();
  const count = await read();
  const ms = performance.now() - beganMs;
  await sleep(10);
  delay.disable();
  clearInterval(watch);
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
  if (count !== TRANSACTIONS) throw new Error(`${count} transactions`);
  return { ms, holdMs: delay.max / 1e6, megabytes: (mostBytes - beforeBytes) / 1e6 };
}

async function main(): Promise<void> {
  const server = fork(__filename, ['serve']);
  const [port] = (await once(server, 'message')) as [number];
  const client = new RpcClient(
    {
      name: 'btcd',
      host: '127.0.0.1',
      port,
      isSecure: false,
      login: fixedLogin({ user: 'u', password: 'p' }, 'the bench'),
      certificateFile: undefined,
    },
    { clock: { monotonicMs: () => performance.now() }, timer: systemTimer },
  );
  const calls = new NodeCalls('btcd', client);
  let fees = 0;
  const byEntry = (): Promise<number> =>
    calls
      .mempoolEntries(
        () =>
          ({ fee }) =>
            (fees += fee ?? 0),
      )
      .then((count) => count ?? 0);
  const atOnce = async (): Promise<number> => {
    const all = (await client.call('getrawmempool', [true], { maxBytes: 1e9 })) as Record<
      string,
      { fee: number }
    >;
    for (const { fee } of Object.values(all)) fees += Math.round(fee * 1e8);
    return Object.keys(all).length;
  };
  // The way of little memory first: what the other one takes is not given back.
  for (const [name, read] of [
    ['entry by entry', byEntry],
    ['entry by entry', byEntry],
    ['JSON.parse of the whole', atOnce],
  ] as const) {
    const { ms, holdMs, megabytes } = await measure(read);
    console.log(
      `${name.padEnd(24)} ${ms.toFixed(0).padStart(6)} ms, longest hold ${holdMs.toFixed(0).padStart(5)} ms, memory +${megabytes.toFixed(0)} MB`,
    );
  }
  client.close();
  server.kill();
}

void (process.argv[2] === 'serve' ? serve() : main());
