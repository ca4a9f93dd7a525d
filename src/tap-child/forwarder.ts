import type { Socket } from 'node:net';
import { Throttle } from '../lib/throttle';
import { messageOf } from '../lib/errors';
import { NETWORKS } from '../wire/networks';
import { forwardText } from '../tap/check-loops';
import type { Forward } from '../tap/settings';
import type { Inbound } from './admission';
import { dial } from './dial';
import { resetSoon } from './end-socket';
import { type Listening, listen, localEnd } from './listen';
import type { Passage } from './loops';
import type { TapParts } from './parts';
import { readBeginning } from './plain-fallback';
import { Relay, type RelayEnds } from './relay';

const NOTHING = Buffer.alloc(0);

/** An inbound connection that is led to the node. */
interface Admitted {
  readonly inbound: Inbound;
  readonly passage: Passage;
  /** The bytes that were read from it already. */
  readonly early: Buffer;
}

/** Leads inbound peers to the node. */
export class Forwarder {
  private readonly option: string;
  private readonly unreachable = new Throttle(() => performance.now());
  private hasLooped = false;

  constructor(
    private readonly forward: Forward,
    private readonly parts: TapParts,
  ) {
    this.option = forwardText(forward);
  }

  /** @throws FailureError of one line where its port can't be listened on */
  start(): Promise<Listening> {
    return listen(this.forward.listen, this.option, (socket) => void this.taken(socket), this.parts.warn);
  }

  private async taken(peer: Socket): Promise<void> {
    const { admission, loops, refusals, settings } = this.parts;
    const inbound = admission.admit(peer);
    if (inbound === null || typeof inbound === 'string') {
      if (inbound !== null) refusals.add(inbound);
      peer.destroy();
      return;
    }
    const passage: Passage = { way: this, destroy: () => inbound.destroy('loop') };
    peer.once('close', () => {
      inbound.ended();
      loops.ended(passage);
    });
    if (loops.arrived(passage, peer)) {
      this.looped(passage);
      return;
    }
    const early = settings.plain ? await this.plainBeginning(peer, inbound.host) : NOTHING;
    if (early !== null) await this.lead(peer, { inbound, passage, early });
  }

  /** The first bytes; null where the connection was closed so that its peer comes back without encryption. */
  private async plainBeginning(peer: Socket, host: string): Promise<Buffer | null> {
    const { fallback, refusals, settings } = this.parts;
    const { magic } = NETWORKS[settings.network];
    const { isEncrypted, bytes } = await readBeginning(peer, magic, settings.limits.requestMs);
    if (!isEncrypted) fallback.cameBack(host);
    if (!isEncrypted || !fallback.closes(host)) return bytes;
    refusals.add('encrypted-transport');
    peer.destroy();
    return null;
  }

  private async lead(peer: Socket, admitted: Admitted): Promise<void> {
    const { inbound, passage, early } = admitted;
    const { loops, refusals, settings, warn } = this.parts;
    let node: Socket;
    try {
      node = await dial(this.forward.target, settings.limits.dialMs);
    } catch (error) {
      refusals.add('target-unreachable');
      if (this.unreachable.allows())
        warn(`${this.option}: the node can't be reached, so peers are refused: ${messageOf(error)}`);
      resetSoon(peer);
      return;
    }
    if (peer.destroyed) node.destroy();
    else if (loops.dialled(passage, node)) {
      node.destroy();
      this.looped(passage);
    } else this.relay({ peer, node }, inbound, early);
  }

  private relay(ends: RelayEnds, inbound: Inbound, early: Buffer): void {
    const { copies, relays, settings } = this.parts;
    const { host, port } = inbound;
    const copy = copies.opened({ outbound: false, host, port, seenAs: localEnd(ends.node) });
    const { bytes } = copy;
    const relay = new Relay(ends, settings.limits.halfClosedMs, {
      passed: (direction, chunk) => {
        copies.data(copy, direction, chunk);
        if (!inbound.established) inbound.established = bytes[0] > 0 && bytes[1] > 0;
      },
      closed: (reason) => {
        relays.delete(relay);
        copies.closed(copy, reason);
      },
    });
    relays.add(relay);
    inbound.destroy = (reason) => relay.destroy(reason);
    relay.start({ peer: early });
  }

  /** Ends all connections of a circle. */
  private looped(passage: Passage): void {
    const { loops, refusals, warn } = this.parts;
    const circle = [passage, ...loops.before(passage)];
    refusals.add('loop');
    if (!this.hasLooped)
      warn(`${this.option}: leads back to itself, so its connections are closed; give the port of the node`);
    this.hasLooped = true;
    for (const { destroy } of circle) destroy();
  }
}
