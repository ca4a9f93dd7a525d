import type { Clock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import type { Judge } from '../mempool/judge';
import type { MonitorEvents } from '../metrics/collector';
import { type Complain, guard } from '../metrics/guard';
import { PeerBudget, sharedBudget } from '../p2p/budget/peer-budget';
import { ENCRYPTED_TRANSPORT } from '../p2p/first-bytes';
import type { Violation } from '../p2p/p2p-events';
import { isCommand } from '../wire/commands';
import { DecodeError } from '../wire/decode-error';
import { isDecoded } from '../wire/messages/table';
import type { Direction } from './copy-format';
import { type MessageHandlers, messageHandlers, type TappedMessage } from './message-handlers';
import { PeerState } from './peer-state';
import { SeenInventory } from './seen-inventory';
import type { TapConnection } from './tap-connection';
import type { TapEvents } from './tap-events';

/** Messages whose malformed form is a violation of its own. */
const MALFORMED: Readonly<Partial<Record<string, Violation>>> = {
  tx: 'malformed-tx',
  block: 'malformed-block',
};

/**
 * The points of inbound peers are limited as for so many transactions a second. It is the default of
 * `--tx-rate` with `--listen`.
 */
const TRANSACTIONS_PER_SECOND = 200;

/** What a monitor of a tap is made from. */
export interface TapMonitorModules {
  /** The events of the tap, or of a capture. */
  readonly tap: EventBus<TapEvents>;
  /** The events of the watched node. */
  readonly bus: EventBus<MonitorEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Judges the transactions that come to the node; null if its RPC gives them. */
  readonly judge: Judge | null;
  /** Receives faults of the program that no message should be able to cause. */
  readonly complain: Complain;
}

/**
 * Turns the messages of a tap or capture into events, as the watched node itself would emit them: `in` is
 * what it receives, `out` what it sends. Times are those at which the tap read the bytes, even if the events
 * come later. Memory is bounded.
 */
export class TapMonitor {
  private readonly states = new Map<TapConnection, PeerState>();
  private readonly handlers: Readonly<Record<Direction, MessageHandlers>>;
  private readonly guarded: (action: () => void) => void;
  private messageMs: number | null = null;
  private servesInbound = false;

  constructor(private readonly modules: TapMonitorModules) {
    const { tap, bus, clock, judge, complain } = modules;
    this.handlers = messageHandlers({ bus, judge, seen: new SeenInventory() });
    this.guarded = guard('tap', complain);
    const shared = sharedBudget(TRANSACTIONS_PER_SECOND, clock.monotonicMs());
    tap.on('opened', ({ connection, time }) => {
      const budget = connection.outbound
        ? null
        : new PeerBudget({
            kind: 'inbound',
            shared,
            now: time.monotonicMs,
          });
      this.states.set(connection, new PeerState(budget));
    });
    tap.on('closed', ({ connection, reason, established }) => {
      this.states.delete(connection);
      bus.emit('disconnected', { peer: connection, established, reason });
    });
    tap.on('bytes', ({ connection: peer, direction, bytes }) =>
      bus.emit(direction === 'in' ? 'bytesRead' : 'bytesWritten', { peer, bytes }),
    );
    tap.on('missed', ({ bytes }) => bus.emit('bytesMissed', { read: bytes.in, written: bytes.out }));
    tap.on('message', (message) => this.message(message));
    tap.on('handshake', ({ connection: peer, claims, time }) =>
      this.at(time.monotonicMs, () => bus.emit('handshake', { peer, claims })),
    );
    tap.on('violation', ({ connection: peer, direction, reason }) => {
      if (direction === 'in') bus.emit('violation', { peer, reason });
    });
    tap.on('opaque', ({ connection: peer, direction, protocol }) => {
      if (direction === 'in' && protocol !== ENCRYPTED_TRANSPORT)
        bus.emit('violation', { peer, reason: protocol });
    });
    tap.on('refused', ({ reason, count }) => {
      // A dial of the node that failed is no connection that ended.
      if (reason !== 'socks-unreachable') bus.emit('refused', { reason, count });
    });
  }

  /**
   * The time on the monotonic clock; while a message is handled, the time at which the tap read it. The
   * collectors of the watched node get this clock, so that a slow reader does not change the times of
   * `propagation`.
   */
  readonly monotonicMs = (): number => this.messageMs ?? this.modules.clock.monotonicMs();

  /** Whether the message that is handled came from an inbound peer (`Emitter`). */
  get isServingInbound(): boolean {
    return this.servesInbound;
  }

  private message({ connection: peer, direction, command: name, payload, bytes, time }: Message): void {
    const { bus } = this.modules;
    const command = isCommand(name) ? name : 'other';
    this.servesInbound = direction === 'in' && !peer.outbound;
    this.at(time.monotonicMs, () => {
      bus.emit(direction === 'in' ? 'received' : 'sent', { peer, command, bytes });
      const handle = isDecoded(name) ? this.handlers[direction][name] : undefined;
      const state = this.states.get(peer);
      if (handle === undefined || state === undefined) return;
      this.guarded(() => {
        try {
          handle({ peer, state, payload, receivedMs: time.monotonicMs } satisfies TappedMessage);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          // What the node itself sends is no violation of its peer.
          if (direction === 'in')
            bus.emit('violation', { peer, reason: MALFORMED[name] ?? 'malformed-message' });
        }
      });
    });
  }

  private at(messageMs: number, action: () => void): void {
    this.messageMs = messageMs;
    try {
      action();
    } finally {
      this.messageMs = null;
      this.servesInbound = false;
    }
  }
}

type Message = TapEvents['message'];
