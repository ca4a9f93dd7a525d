import { UsageError } from '../lib/errors';
import { type Endpoint, parseEndpoint } from '../p2p/endpoint';
import type { NetworkName } from '../wire/networks';

/** A port for inbound peers, and the node that they are led to. */
export interface Forward {
  readonly listen: Endpoint;
  readonly target: Endpoint;
}

/** How many connections a tap leads, and how long it waits. */
export interface TapLimits {
  /** The most inbound connections. One address gets an eighth of them, one netgroup a quarter. */
  readonly maxInbound: number;
  /** The most clients of the SOCKS server. */
  readonly maxOutbound: number;
  /** Bytes of copies that may wait for the program. Further copies are left out. */
  readonly maxCopyBytes: number;
  /** Milliseconds that a SOCKS client has for its request, and a peer for its first bytes with `plain`. */
  readonly requestMs: number;
  /** Milliseconds that dialling may take. */
  readonly dialMs: number;
  /** Milliseconds after which a connection is reset that is closed on one side and silent on the other. */
  readonly halfClosedMs: number;
}

/** 16 MB of copies hold about two seconds of an initial download at 8 MB/s. */
export const DEFAULT_LIMITS: TapLimits = {
  maxInbound: 256,
  maxOutbound: 256,
  maxCopyBytes: 16_000_000,
  requestMs: 10_000,
  dialMs: 60_000,
  halfClosedMs: 120_000,
};

/** What a tap leads, and where to. */
export interface TapSettings {
  readonly network: NetworkName;
  readonly forwards: readonly Forward[];
  /** Where the SOCKS server for the node's own dials listens; null without one. */
  readonly socks: Endpoint | null;
  /** The SOCKS proxy, such as Tor, that the node's dials go through; null for direct dials. */
  readonly upstreamProxy: Endpoint | null;
  /** Whether an inbound peer's first encrypted attempt is closed, so that it comes back unencrypted. */
  readonly plain: boolean;
  readonly limits: TapLimits;
}

/**
 * Parses the value of `--forward`: `LISTEN=TARGET`, each `host[:port]`.
 * @throws UsageError that names the value and what would be right
 */
export function parseForward(text: string, defaultPort: number): Forward {
  const [listen, target, ...more] = text.split('=');
  if (listen === undefined || listen === '' || target === undefined || target === '' || more.length > 0)
    throw new UsageError(
      `--forward ${text}: not LISTEN=TARGET; give where peers come in and where the node listens, such as ` +
        `0.0.0.0:8333=127.0.0.1:18333`,
    );
  return {
    listen: parseEndpoint(listen, defaultPort, '--forward'),
    target: parseEndpoint(target, defaultPort, '--forward'),
  };
}
