import { blockChecks } from '../chain/block-checks';
import { BlockProcessor } from '../chain/block-processor';
import type { SystemClock } from '../lib/clock';
import { errorDetail } from '../lib/errors';
import type { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { RelayView } from '../mempool/relay-view';
import type { MonitorEvents } from '../metrics/collector';
import type { JoinParts } from '../p2p/join/join';
import { Pool } from '../p2p/pool';
import type { TransactionFates } from '../p2p/compact/transaction-fates';
import type { Routes } from '../p2p/route/routes';
import { userAgentOf } from '../p2p/user-agent';
import type { AppConfig } from './config';
import type { RunningFullValidation } from './full-validation';
import type { KeptHeaders } from './kept-headers';
import type { Recording } from './recording';

export interface PoolParts {
  readonly bus: EventBus<MonitorEvents>;
  readonly clock: SystemClock;
  readonly log: Log;
  readonly headers: KeptHeaders;
  readonly full: RunningFullValidation | undefined;
  readonly join: JoinParts | undefined;
  readonly routes: Routes;
  readonly recording: Recording;
  readonly relayed: RelayView['relayed'];
  readonly fates: TransactionFates;
}

/** Creates the pool of peers, and the processor that judges their blocks. */
export function makePool(
  { network, connect, wtxidRelay, transport, txPerSecond, contact, asMap }: AppConfig,
  { bus, clock, log, headers, full, join, routes, recording, relayed, fates }: PoolParts,
): { readonly pool: Pool; readonly processor: BlockProcessor } {
  const { chain, added: headerAdded } = headers;
  const processor = new BlockProcessor({
    ...{ chain, clock: recording.clock, bus, headerAdded, full: full?.validation },
  });
  const checks = blockChecks({
    chain,
    headerAdded: (bytes) => {
      headerAdded(bytes);
      processor.headersAdded();
    },
  });
  const pool = new Pool(
    {
      ...{ network, connect, routes, wtxidRelay, txPerSecond, userAgent: userAgentOf(contact) },
      ...(transport === undefined ? {} : { transport }),
      ...(join === undefined ? {} : { join }),
      ...(asMap === undefined ? {} : { asnOf: (address) => asMap.asnOf(address) }),
    },
    {
      bus,
      clock,
      checks: recording.checks(checks, () => chain.size),
      frames: recording.frames,
      relayed,
      fates,
      reportUnreachable: (peer, reason, attempts) =>
        log.warn('no handshake with peer, trying again', { peer, network, reason, attempts }),
      fault: (error) => log.error('a message handler failed', { error: errorDetail(error) }),
    },
  );
  return { pool, processor };
}
