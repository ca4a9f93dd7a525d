// A client of the page's server that sends one request after the other, in a thread of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { PANELS } from '#dist/panels/list';

/**
 * What the client requests: one panel after the other, the same at the same time as other pages, or 50,000
 * rows.
 */
export type ClientKind =
  | { readonly kind: 'panel' | 'pages'; readonly since: string }
  | { readonly kind: 'rows'; readonly format: 'json' | 'csv' };

/** What the thread is started with. */
export interface ClientOrder {
  readonly url: string;
  readonly asks: ClientKind;
  readonly seconds: number;
}

/** The number of answers, and the p95 of their times in milliseconds. */
export interface ClientNews {
  readonly count: number;
  readonly p95: number;
}

function ask(url: string, asks: ClientKind, i: number): Promise<Response> {
  if (asks.kind !== 'rows')
    return fetch(`${url}api/panels/${PANELS[i % PANELS.length]?.name ?? ''}?since=${asks.since}`);
  const query = { series: 'msg_recv', since: '2d', limit: 50_000 };
  return fetch(`${url}api/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, format: asks.format }),
  });
}

async function main({ url, asks, seconds }: ClientOrder): Promise<void> {
  const until = Date.now() + seconds * 1_000;
  const took: number[] = [];
  for (let i = 0; Date.now() < until; i++) {
    // All open pages send their requests at the same time, as after a block.
    if (asks.kind === 'pages') await sleep(100 - (Date.now() % 100));
    const began = performance.now();
    const response = await ask(url, asks, i);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(String(response.status));
    took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  const news: ClientNews = { count: took.length, p95: took[Math.floor(took.length * 0.95)] ?? NaN };
  parentPort?.postMessage(news);
}

void main(workerData as ClientOrder);
