import type { TransportName } from '../p2p/transport/transport';

/** A node that a crawl reached: it completed a handshake. Its own statements are claims. */
export interface FoundNode {
  /** `host:port`, as people write it. */
  readonly address: string;
  /** When its handshake was complete, in Unix seconds. */
  readonly time: number;
  readonly version: number;
  /** The 64 service bits. */
  readonly services: bigint;
  /** The service bits that others told about it; undefined if nobody told about it. */
  readonly toldServices: bigint | undefined;
  /** A stranger's bytes, one character each, at most 256. */
  readonly userAgent: string;
  readonly height: number;
  readonly transport: TransportName;
  /** Round trip of a ping in milliseconds; undefined where it was not answered. */
  readonly latencyMs: number | undefined;
  /** How far its clock is ahead of ours, in seconds. */
  readonly timeOffset: number;
  /** Number of addresses that it sent. */
  readonly told: number;
}

/** The form of a node in the files of crawls. */
interface NodeJson {
  readonly address: string;
  readonly time: number;
  readonly version: number;
  readonly services: string;
  readonly toldServices?: string | undefined;
  readonly userAgent: string;
  readonly height: number;
  readonly transport: string;
  readonly latencyMs?: number | undefined;
  readonly timeOffset: number;
  readonly told: number;
}

/** A node as the value that `JSON.stringify` takes. */
export function nodeToJson({ services, toldServices, ...node }: FoundNode): NodeJson {
  const told = toldServices === undefined ? undefined : hexOf(toldServices);
  return { ...node, services: hexOf(services), toldServices: told };
}

/** Reads a node from a parsed value; null if it is no node. */
export function nodeFromJson(value: unknown): FoundNode | null {
  if (typeof value !== 'object' || value === null) return null;
  const { address, transport, services, toldServices, userAgent, latencyMs, ...rest } =
    value as Partial<NodeJson>;
  const { time, version, height, timeOffset, told } = rest;
  if (typeof address !== 'string' || typeof userAgent !== 'string') return null;
  if (transport !== 'v1' && transport !== 'v2') return null;
  const bits = bitsOf(services);
  if (bits === undefined) return null;
  if (!isInteger(time) || !isInteger(version) || !isInteger(height)) return null;
  if (!isInteger(timeOffset) || !isInteger(told)) return null;
  return {
    ...{ address, time, version, height, timeOffset, told, userAgent, transport },
    services: bits,
    toldServices: bitsOf(toldServices),
    latencyMs: typeof latencyMs === 'number' ? latencyMs : undefined,
  };
}

/** Service bits as hexadecimal digits. */
function hexOf(services: bigint): string {
  return services.toString(16);
}

function bitsOf(text: unknown): bigint | undefined {
  return typeof text === 'string' && /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
