import type { EventBus } from '../lib/event-bus';
import type { Collector } from '../metrics/collector';
import type { Emit } from '../metrics/emitter';
import type { TapConnection } from './tap-connection';
import type { TapEvents } from './tap-events';

/** `tap`: the connections through a tap or in a capture, and their bytes that were not read. */
export function tapCollector(emit: Emit, bus: EventBus<TapEvents>): Collector {
  const open = new Set<TapConnection>();
  const bytes = { in: 0, out: 0 };
  const skipped = { 'not-copied': 0, 'no-message': 0 };
  let missingMessages = 0;
  let opaqueBytes = 0;
  let missed = 0;
  let refused = 0;
  bus.on('opened', ({ connection }) => open.add(connection));
  bus.on('closed', ({ connection }) => open.delete(connection));
  bus.on('bytes', ({ connection, direction, bytes: count }) => {
    bytes[direction] += count;
    if (connection.isOpaque) opaqueBytes += count;
  });
  // It has been read until now.
  bus.on('opaque', ({ connection }) => (opaqueBytes += connection.unaccounted));
  bus.on('skipped', ({ bytes: count, why }) => (skipped[why] += count));
  bus.on('broken', () => missingMessages++);
  bus.on('missed', ({ connections, bytes: both }) => {
    missed += connections;
    bytes.in += both.in;
    bytes.out += both.out;
    skipped['not-copied'] += both.in + both.out;
  });
  bus.on('refused', ({ count }) => (refused += count));
  return {
    name: 'tap',
    on: {},
    interval: () => {
      let outbound = 0;
      let opaque = 0;
      for (const connection of open) {
        if (connection.outbound) outbound++;
        if (connection.isOpaque) opaque++;
      }
      emit('tap', {
        inbound: open.size - outbound,
        outbound,
        opaque,
        bytes_recv: bytes.in,
        bytes_sent: bytes.out,
        skipped_bytes: skipped['not-copied'],
        unread_bytes: skipped['no-message'],
        missing_messages: missingMessages,
        opaque_bytes: opaqueBytes,
        missed,
        refused,
      });
    },
  };
}
