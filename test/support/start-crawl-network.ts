import { fork } from 'node:child_process';
import { once } from 'node:events';
import { childScript } from './child';
import type { CrawlNetworkCommand, CrawlNetworkCounts, CrawlNetworkSize } from './crawl-network';
import { hostOf } from './crawl-network';
import { freePort } from './free-port';

/** A running simulated network. */
export interface CrawlNetwork {
  readonly size: CrawlNetworkSize;
  counts(): Promise<CrawlNetworkCounts>;
  /** Has it answer every `getaddr` from now on. */
  release(): Promise<void>;
  stop(): void;
}

/** Starts a simulated network in a process of its own. */
export async function startCrawlNetwork(
  of: Pick<CrawlNetworkSize, 'reachable' | 'dead' | 'silent' | 'answers'>,
): Promise<CrawlNetwork> {
  // Others that run the tests at the same time have other addresses.
  const net = 1 + (process.pid % 250);
  const size = { ...of, net, port: await freePort(hostOf({ net }, 0)) };
  const script = childScript('support/crawl-network-child.ts');
  const child = fork(script.file, { env: script.env, execArgv: [] });
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`the simulated network ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  const ask = async <T>(message: CrawlNetworkSize | CrawlNetworkCommand): Promise<T> => {
    const answer = new Promise<T>((resolve) => child.once('message', resolve as (value: unknown) => void));
    child.send(message);
    return Promise.race([answer, ended]);
  };
  await ask(size);
  return {
    size,
    counts: () => ask<CrawlNetworkCounts>('counts'),
    release: () => ask('release'),
    stop: () => {
      child.disconnect();
      script.remove();
    },
  };
}
