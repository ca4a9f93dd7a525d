import type { CollectorContext } from '#dist/metrics/collector';
import type { Emit } from '#dist/metrics/emitter';

/** What collectors need from a listener. All of its counts are 0. */
export function collectorContext(emit: Emit): CollectorContext {
  return {
    emit,
    policy: 'btcd',
    maxUserAgents: 200,
    intervalMs: 5_000,
    monotonicMs: () => performance.now(),
    unixTime: () => 0,
    emitted: () => 0,
    exporters: () => [],
    mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
    addresses: () => ({ banned: 0 }),
  };
}
