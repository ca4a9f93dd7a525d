import type { Server } from 'node:net';
import type { Writable } from 'node:stream';
import { messageOf } from '../lib/errors';
import type { FromTap, TapPlaces, ToTap } from '../tap/control';
import type { TapLimits, TapSettings } from '../tap/settings';
import { Admission } from './admission';
import { CopyWriter } from './copy-writer';
import { connectionLimit } from './file-limit';
import { Forwarder } from './forwarder';
import type { Listening } from './listen';
import { Loops } from './loops';
import type { TapParts } from './parts';
import { PlainFallback } from './plain-fallback';
import { Refusals } from './refusals';
import type { Relay } from './relay';
import { SocksServer } from './socks-server';

/** Milliseconds that the program has to read the last copies when it ends the tap. */
const LAST_COPIES_MS = 1_000;

/** The ports that a tap listens on. */
interface Opened {
  readonly places: TapPlaces;
  readonly servers: readonly Server[];
}

/** What a tap's server needs. */
export interface TapServerModules {
  /** Sends a message, where the program takes messages. @returns whether it was sent */
  readonly send: (message: FromTap) => boolean;
  /** The pipe for copies. */
  readonly copies: Writable;
  /** Ends the process. */
  readonly end: () => void;
}

/** Starts and ends the parts of a tap, on command of its program. */
export class TapServer {
  private parts: TapParts | null = null;
  private servers: readonly Server[] = [];

  constructor(private readonly modules: TapServerModules) {}

  received(message: ToTap): void {
    switch (message.kind) {
      case 'start':
        void this.start(message.settings);
        break;
      case 'ban':
        this.parts?.admission.ban(message.host);
        break;
      case 'close':
        this.close();
        break;
    }
  }

  private async start(wanted: TapSettings): Promise<void> {
    const { copies: pipe, send } = this.modules;
    const warn = (message: string): void => void send({ kind: 'warn', message });
    const settings = { ...wanted, limits: withinSystem(wanted.limits, warn) };
    const { limits, network } = settings;
    const parts: TapParts = {
      settings,
      copies: new CopyWriter(pipe, limits.maxCopyBytes),
      admission: new Admission(network, limits.maxInbound),
      refusals: new Refusals((counts) => send({ kind: 'refused', counts })),
      loops: new Loops(),
      fallback: new PlainFallback(() => performance.now()),
      relays: new Set<Relay>(),
      warn,
    };
    this.parts = parts;
    try {
      const { places, servers } = await listenAll(settings, parts);
      this.servers = servers;
      send({ kind: 'listening', places });
    } catch (error) {
      send({ kind: 'failed', message: messageOf(error) });
    }
  }

  /** Ends all connections, and the process once the program has read the last copies, or doesn't. */
  private close(): void {
    const { end } = this.modules;
    const copies = this.parts?.copies;
    for (const server of this.servers) server.close();
    const relays = this.parts?.relays ?? new Set();
    for (const relay of relays) relay.destroy('stopped');
    this.parts?.refusals.flush();
    setTimeout(end, LAST_COPIES_MS);
    const flush = (): void => {
      if (relays.size > 0) setImmediate(flush);
      else if (copies === undefined) end();
      else copies.end(end);
    };
    flush();
  }
}

async function listenAll({ forwards, socks }: TapSettings, parts: TapParts): Promise<Opened> {
  const each: Listening[] = [];
  for (const forward of forwards) each.push(await new Forwarder(forward, parts).start());
  const server = socks === null ? null : await new SocksServer(socks, parts).start();
  return {
    places: { forwards: each.map(({ endpoint }) => endpoint), socks: server?.endpoint ?? null },
    servers: [...each, ...(server === null ? [] : [server])].map((one) => one.server),
  };
}

/** The limits, lowered to the file descriptors that the system gives. */
function withinSystem(limits: TapLimits, warn: (message: string) => void): TapLimits {
  const { maxInbound, maxOutbound } = limits;
  const most = connectionLimit();
  if (maxInbound + maxOutbound <= most) return limits;
  const part = most / (maxInbound + maxOutbound);
  const lowered = {
    ...limits,
    maxInbound: Math.max(1, Math.floor(maxInbound * part)),
    maxOutbound: Math.max(1, Math.floor(maxOutbound * part)),
  };
  warn(
    `the tap leads ${lowered.maxInbound} inbound and ${lowered.maxOutbound} outbound connections at most, ` +
      'as the limit of open files (ulimit -n) allows no more',
  );
  return lowered;
}
