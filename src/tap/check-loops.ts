import { UsageError } from '../lib/errors';
import { type Endpoint, formatEndpoint } from '../p2p/endpoint';
import { hostOf, parseIp } from '../p2p/join/ip';
import { isLoopback } from '../p2p/join/reachability';
import { localAddresses } from './local-addresses';
import type { TapSettings } from './settings';

/** A listening port and the endpoint that each of its connections is led to. */
interface Way {
  /** The option as it was given. */
  readonly option: string;
  readonly listen: Endpoint;
  readonly target: Endpoint;
}

/**
 * Refuses routes that lead back to themselves: a forward to its own port, a circle of several, or an upstream
 * proxy that is the tap's own SOCKS server. Names other than `localhost` are not looked up: if such a name
 * leads back, the first connection shows it (`tap-child/loops.ts`).
 * @param local the addresses of this machine
 * @throws UsageError that names the options of the circle
 */
export function checkLoops(
  { forwards, socks, upstreamProxy }: Pick<TapSettings, 'forwards' | 'socks' | 'upstreamProxy'>,
  local: ReadonlySet<string> = localAddresses(),
): void {
  const ways = forwards.map((forward): Way => ({ option: forwardText(forward), ...forward }));
  if (socks !== null && upstreamProxy !== null)
    ways.push({
      option: `--socks ${formatEndpoint(socks)} with --upstream-proxy ${formatEndpoint(upstreamProxy)}`,
      listen: socks,
      target: upstreamProxy,
    });
  for (const first of ways) {
    const circle = circleFrom(first, ways, local);
    if (circle === null) continue;
    const [{ option }, ...others] = circle;
    const over = others.length === 0 ? '' : `, over ${others.map((way) => way.option).join(' and ')}`;
    throw new UsageError(`${option}: leads back to itself${over}; give the port that the node listens on`);
  }
}

/** The option of a forward, as a person writes it. */
export function forwardText({ listen, target }: Pick<Way, 'listen' | 'target'>): string {
  return `--forward ${formatEndpoint(listen)}=${formatEndpoint(target)}`;
}

/** The circle that begins with `first`; null if there is none. Each way leads to at most one other. */
function circleFrom(first: Way, ways: readonly Way[], local: ReadonlySet<string>): [Way, ...Way[]] | null {
  const circle: [Way, ...Way[]] = [first];
  for (let way = first; circle.length <= ways.length;) {
    const next = ways.find(({ listen }) => reaches(way.target, listen, local));
    if (next === undefined) return null;
    if (next === first) return circle;
    circle.push(next);
    way = next;
  }
  return null;
}

/** Whether a connection to `target` arrives at a socket that listens at `listen`. */
function reaches(target: Endpoint, listen: Endpoint, local: ReadonlySet<string>): boolean {
  if (target.port !== listen.port || target.port === 0) return false;
  const [to, at] = [hostOf(target.host.toLowerCase()), hostOf(listen.host.toLowerCase())];
  if (to === at) return true;
  if (!isOfThisMachine(to, local)) return false;
  // A connection to an unspecified address goes to this machine.
  if (to === 'localhost' || isAny(to)) return isAny(at) || isLoopbackHost(at);
  if (at === '::') return true;
  if (at === '0.0.0.0') return parseIp(to)?.network === 'ipv4';
  return at === 'localhost' && isLoopbackHost(to);
}

function isOfThisMachine(host: string, local: ReadonlySet<string>): boolean {
  return isLoopbackHost(host) || isAny(host) || local.has(host);
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopbackHost(host: string): boolean {
  if (host === 'localhost') return true;
  const ip = parseIp(host);
  return ip !== null && isLoopback(ip);
}
