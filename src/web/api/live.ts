import type { ServerResponse } from 'node:http';
import type { AlertFeed, AlertsReport } from '../../alerts/report';
import type { Live, LiveEvent, LivePeer, LiveTransaction } from '../../live/live';
import type { Warn } from '../../lib/token-attempts';
import type { Handler } from '../exchange';
import { busy } from '../http-error';
import { readParams } from '../params';

/** Most streams at one time; each open page needs one. */
const MAX_STREAMS = 50;

/**
 * Most characters that may wait for a reader: some minutes of a node with many peers. A reader that exceeds
 * it is gone or asleep.
 */
const MAX_WAITING = 1_000_000;

const TICK_MS = 2_000;

/** More peers come in parts of so many, one after the other, so that no event is long. */
const PEERS_A_PART = 500;
const PART_MS = 200;

/** Most transactions that are sent in a second; nobody can read more. */
const TRANSACTIONS_PER_SECOND = 10;

/** How long a page waits before it reconnects after its stream broke, in milliseconds. */
const RETRY_MS = 2_000;

export interface LiveModules {
  readonly live?: Live | undefined;
  readonly alerts?: AlertFeed | undefined;
  readonly status: () => Promise<unknown>;
  readonly warn: Warn;
}

interface Stream {
  readonly response: ServerResponse;
  /** Whether its reader may still see it. */
  readonly allowed: () => boolean;
}

/** `GET /api/live`: the same events for all readers, encoded once. Nothing runs while there is no reader. */
export class LiveStreams {
  private readonly streams = new Set<Stream>();
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: () => void = () => undefined;
  private unsubscribeAlerts: () => void = () => undefined;
  private windowStart = 0;
  private told = 0;
  private skipped = 0;
  private ticking = false;
  /** The next part of a long list of peers. */
  private telling: NodeJS.Timeout | undefined;

  constructor(private readonly modules: LiveModules) {}

  /** `allowed` tells whether a request may still see what it asked for. */
  handler(allowed: (request: Parameters<Handler>[0]['request']) => boolean): Handler {
    return async ({ request, response, params, left }) => {
      readParams(params, []);
      if (this.streams.size >= MAX_STREAMS)
        throw busy(`${MAX_STREAMS} streams are open already; close a page`);
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      });
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      const stream = { response, allowed: () => allowed(request) };
      left.addEventListener('abort', () => this.remove(stream), { once: true });
      if (this.streams.size === 0) this.start();
      this.streams.add(stream);
      const { live, alerts, status } = this.modules;
      response.write(`retry: ${RETRY_MS}\n\n`);
      if (live !== undefined) {
        const peers = live.peers();
        // A longer list begins with the next tick.
        if (peers.length <= PEERS_A_PART) this.write(stream, eventText('peers', peers));
        this.write(stream, eventText('blocks', live.blocks()));
        this.write(stream, eventText('transactions', live.transactions()));
        this.write(stream, eventText('health', live.health()));
      }
      if (alerts !== undefined) this.write(stream, eventText('alerts', activeOf(alerts)));
      this.write(stream, eventText('status', await status()));
    };
  }

  /** Ends all streams. */
  close(): void {
    for (const stream of this.streams) {
      this.remove(stream);
      stream.response.end();
    }
  }

  private start(): void {
    this.timer = setInterval(() => void this.tick(), TICK_MS);
    this.unsubscribe = this.modules.live?.subscribe((event) => this.tell(event)) ?? this.unsubscribe;
    const { alerts } = this.modules;
    this.unsubscribeAlerts =
      alerts?.subscribe(() => this.toAll('alerts', activeOf(alerts))) ?? this.unsubscribeAlerts;
  }

  private remove(stream: Stream): void {
    if (!this.streams.delete(stream) || this.streams.size > 0) return;
    clearInterval(this.timer);
    clearTimeout(this.telling);
    this.telling = undefined;
    this.unsubscribe();
    this.unsubscribe = () => undefined;
    this.unsubscribeAlerts();
    this.unsubscribeAlerts = () => undefined;
  }

  /** Regular events also show that the connection is alive. */
  private async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    try {
      for (const stream of this.streams) if (!stream.allowed()) stream.response.end();
      const { live, status } = this.modules;
      if (live !== undefined) {
        this.tellPeers(live);
        this.toAll('health', live.health());
      }
      this.toAll('status', await status());
    } finally {
      this.ticking = false;
    }
  }

  private tellPeers(live: Live): void {
    if (this.telling !== undefined) return;
    const peers = live.peers();
    if (peers.length <= PEERS_A_PART) this.toAll('peers', peers);
    else this.tellPart(peers, 0);
  }

  private tellPart(peers: readonly LivePeer[], from: number): void {
    const to = from + PEERS_A_PART;
    this.toAll('peersPart', { from, total: peers.length, peers: peers.slice(from, to) });
    this.telling = to < peers.length ? setTimeout(() => this.tellPart(peers, to), PART_MS) : undefined;
  }

  private tell(event: LiveEvent): void {
    if (event.kind === 'block') this.toAll('block', event.block);
    else this.tellTransaction(event.transaction);
  }

  private tellTransaction(transaction: LiveTransaction): void {
    const now = performance.now();
    if (now - this.windowStart >= 1_000) {
      this.windowStart = now;
      this.told = 0;
    }
    if (this.told >= TRANSACTIONS_PER_SECOND) {
      this.skipped++;
      return;
    }
    this.told++;
    this.toAll('transaction', { ...transaction, skipped: this.skipped });
    this.skipped = 0;
  }

  private toAll(name: string, data: unknown): void {
    const text = eventText(name, data);
    for (const stream of this.streams) this.write(stream, text);
  }

  private write(stream: Stream, text: string): void {
    const { response } = stream;
    if (response.destroyed || response.writableEnded) return;
    if (response.writableLength + text.length <= MAX_WAITING) {
      response.write(text);
      return;
    }
    this.remove(stream);
    response.destroy();
    this.modules.warn('a page did not read what it asked for; its stream was ended', {
      waiting: response.writableLength,
    });
  }
}

/** The alerts that fire or wait, after each evaluation. */
function activeOf(feed: AlertFeed): AlertsReport {
  const { alerts, ...report } = feed.report();
  return { ...report, alerts: alerts.filter(({ state }) => state !== 'ok') };
}

function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
