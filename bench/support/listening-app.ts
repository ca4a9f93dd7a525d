import os from 'node:os';
import { startApp } from '#dist/app/listener';
import { keepHeapSmall } from '#dist/cli/heap';
import { createLog } from '#dist/lib/log';
import type { TransportName } from '#dist/p2p/transport/transport';

/** More than any benchmark opens, and fewer than the files that most systems let a program open. */
const MAX_INBOUND = 15_000;

/** Peers of 127.0.0.1. */
interface ListeningAppPeers {
  /** The transport that is spoken. */
  readonly transport: TransportName;
  /** The port of a peer to dial. */
  readonly connect?: number;
  /** The port at which peers may connect. */
  readonly listen?: number;
  /** The folder of the chain that `--validate full` keeps; left out for the usual checks of blocks. */
  readonly chainDir?: string;
}

/** Starts the whole listener on regtest in this process. It keeps nothing, and writes points to stdout. */
export function startListeningApp({
  transport,
  connect,
  listen,
  chainDir,
}: ListeningAppPeers): ReturnType<typeof startApp> {
  keepHeapSmall();
  const host = '127.0.0.1';
  const join = { peers: 0, maxInbound: MAX_INBOUND };
  return startApp(
    {
      node: 'bench',
      network: 'regtest',
      connect: connect === undefined ? [] : [{ host, port: connect }],
      ...(listen === undefined ? {} : { join: { ...join, listen: { host, port: listen } } }),
      ...(chainDir === undefined ? {} : { chainDir }),
      exports: ['stdout:'],
      spools: { directory: os.tmpdir(), maxBytes: 0 },
      intervalMs: 1_000,
      policy: 'core',
      wtxidRelay: true,
      transport,
      txPerSecond: 200,
      maxUserAgents: 200,
      mempoolBytes: 100_000_000,
    },
    { log: createLog('error') },
  );
}
