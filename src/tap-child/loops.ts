import type { Socket } from 'node:net';
import { formatEndpoint } from '../p2p/endpoint';
import { hostOf } from '../p2p/join/ip';

/** The most connections that are followed back: more than the forwards of a tap in one chain. */
const MAX_STEPS = 64;

/** A connection on its way through a forward, or through the SOCKS server and its upstream proxy. */
export interface Passage {
  /** Identifies the way: connections of the same forward have the same one. */
  readonly way: object;
  readonly destroy: () => void;
}

type End = readonly [host: string | undefined, port: number | undefined];

interface Step extends Passage {
  /** The passage whose dial arrived here. */
  before: Step | null;
  readonly keys: string[];
}

/**
 * Notices connections that the tap leads back to itself, for example because the name of a target has an
 * address of this machine. The arriving connection is then the other end of the dialled one. Either of both
 * can be known first.
 */
export class Loops {
  private readonly arrivals = new Map<string, Step>();
  private readonly dials = new Map<string, Step>();
  private readonly steps = new Map<Passage, Step>();

  /** Notes that a passage began with `socket`. @returns whether it goes in a circle */
  arrived(passage: Passage, socket: Socket): boolean {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    const key = keyOf([remoteAddress, remotePort], [localAddress, localPort]);
    const step: Step = { ...passage, before: this.dials.get(key) ?? null, keys: [key] };
    this.steps.set(passage, step);
    this.arrivals.set(key, step);
    return isCircle(step);
  }

  /** Notes that a passage went on with `socket`. @returns whether it goes in a circle */
  dialled(passage: Passage, socket: Socket): boolean {
    const step = this.steps.get(passage);
    if (step === undefined) return false;
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    const key = keyOf([localAddress, localPort], [remoteAddress, remotePort]);
    step.keys.push(key);
    this.dials.set(key, step);
    const next = this.arrivals.get(key);
    if (next === undefined) return false;
    next.before = step;
    return isCircle(next);
  }

  /** Forgets a passage. */
  ended(passage: Passage): void {
    const step = this.steps.get(passage);
    if (step === undefined) return;
    this.steps.delete(passage);
    step.before = null;
    for (const key of step.keys) {
      if (this.arrivals.get(key) === step) this.arrivals.delete(key);
      if (this.dials.get(key) === step) this.dials.delete(key);
    }
  }

  /** The passages before this one, the last first. */
  before(passage: Passage): Passage[] {
    const found: Passage[] = [];
    let step = this.steps.get(passage)?.before ?? null;
    for (; step !== null && found.length < MAX_STEPS; step = step.before) found.push(step);
    return found;
  }
}

function isCircle(last: Step): boolean {
  let step = last.before;
  for (let steps = 0; step !== null && steps < MAX_STEPS; steps++) {
    if (step.way === last.way) return true;
    step = step.before;
  }
  return false;
}

/**
 * Identifies a connection by both ends, as the system gives one port to several connections whose far ends
 * differ.
 */
function keyOf(dialler: End, answerer: End): string {
  return `${endOf(dialler)} ${endOf(answerer)}`;
}

function endOf([host, port]: End): string {
  return formatEndpoint({ host: hostOf(host ?? ''), port: port ?? 0 });
}
