import { formatEndpoint } from '../p2p/endpoint';
import { hostOf } from '../p2p/join/ip';
import type { CapturedConnection } from '../capture/connection';
import type { Side } from '../capture/stream';

/** How the watched node is known in a capture. */
export interface CaptureNodeSettings {
  /** Ports of nodes: that of the network, unless others are given. */
  readonly ports: readonly number[];
  /** Addresses of the node; empty if none is given. */
  readonly hosts: readonly string[];
}

/**
 * Decides which side of a captured connection is the watched node. If addresses of the node are given, it has
 * every connection with one of them. Otherwise it has every connection to a port of nodes. The node is then
 * the side with an address of this machine; if both or none have one, it is the side that listens.
 */
export class CaptureNode {
  private readonly ports: ReadonlySet<number>;
  private readonly given: ReadonlySet<string>;
  /** The first server that was taken for the node because nothing else decided. */
  private guessed: string | null = null;
  private hasWarned = false;

  /**
   * @param local the addresses of this machine
   * @param warn receives one line where several servers are taken for the node
   */
  constructor(
    { ports, hosts }: CaptureNodeSettings,
    private readonly local: ReadonlySet<string>,
    private readonly warn: (message: string) => void,
  ) {
    this.ports = new Set(ports);
    this.given = new Set(hosts.map(hostOf));
  }

  /** The side that is the node; null if the connection does not belong to the node. */
  sideOf({ client, server }: CapturedConnection): Side | null {
    const isGiven = this.given.size > 0;
    const isServerPort = this.ports.has(server.port);
    if (!isGiven && !isServerPort) return null;
    const own = isGiven ? this.given : this.local;
    const [isClient, isServer] = [client, server].map(({ host }) => own.has(hostOf(host)));
    if (isClient !== isServer) return isClient === true ? 'client' : 'server';
    if (isGiven) return isClient !== true ? null : isServerPort ? 'server' : 'client';
    if (isServer !== true) this.guess(formatEndpoint(server));
    return 'server';
  }

  private guess(server: string): void {
    this.guessed ??= server;
    if (this.guessed === server || this.hasWarned) return;
    this.hasWarned = true;
    this.warn(
      `the capture has connections to ${this.guessed} and to ${server}, and both are taken for the node; ` +
        'give the address of the node',
    );
  }
}
