import type { EventBus } from '../lib/event-bus';
import type { P2PEvents, Refusal } from '../p2p/p2p-events';
import { HEADER_BYTES } from '../wire/header';
import { compactBlockIn } from './compact-block-fact';
import { type Fact, RecordError, type Words } from './fact';

/** What a replay does that is no event of the bus. */
export interface ReplayHooks {
  /** Connects all that makes points. */
  readonly setUp: () => void;
  /** Writes the points of the interval that ends here. */
  readonly interval: (addresses: { readonly known?: number; readonly banned: number }) => void;
  /** Looks whether the peer is silent that headers come from. */
  readonly follow: () => void;
  /** Takes the header that a peer announced a block with. */
  readonly header: (bytes: Buffer) => void;
  /** Takes the headers that the chain had before. */
  readonly headers: (bytes: Buffer) => void;
}

/**
 * Tells a fact that is about no connection. Returns whether it is one.
 * @throws RecordError if the fact is not of the form of its event
 */
export function tellProgramFact(
  event: string,
  fact: Fact,
  {
    bus,
    hooks,
    words,
  }: { readonly bus: EventBus<P2PEvents>; readonly hooks: ReplayHooks; readonly words: Words },
): boolean {
  switch (event) {
    case 'setUp':
      hooks.setUp();
      return true;
    case 'interval':
      hooks.interval({
        ...(fact.has('known') ? { known: fact.count('known') } : {}),
        banned: fact.count('banned'),
      });
      return true;
    case 'follow':
      hooks.follow();
      return true;
    case 'header': {
      const bytes = fact.bytes('header');
      if (bytes.length !== HEADER_BYTES) throw new RecordError('a header of another length');
      hooks.header(bytes);
      return true;
    }
    case 'refused': {
      const reason = fact.word('reason', words) as Refusal;
      bus.emit('refused', { reason, ...(fact.has('count') ? { count: fact.count('count') } : {}) });
      return true;
    }
    case 'addressTried':
      bus.emit('addressTried', { isReachable: fact.flag('isReachable') });
      return true;
    case 'rateLimited':
      bus.emit('rateLimited', { count: fact.count('count') });
      return true;
    case 'compactBlock':
      bus.emit('compactBlock', compactBlockIn(fact));
      return true;
    default:
      return false;
  }
}
