import { formatEndpoint } from '../p2p/endpoint';
import { hostOf } from '../p2p/join/ip';
import type { CapturedConnection } from '../capture/connection';
import type { Side } from '../capture/stream';

/** How the watched node is known in a capture. */
export interface CaptureNodeSettings {
  /** Ports on which nodes listen: that of the network, unless another one is given. */
  readonly ports: readonly number[];
  /** Addresses of the node; empty where none is given. */
  readonly hosts: readonly string[];
}

/**
 * Tells which side of a captured connection is the watched node. Where addresses of it are given, each
 * connection of one of them is the node's. Otherwise it is each connection to a port of nodes: the side with
 * an address of this machine is the node, and where that is both or none, the side that listens.
 */
export class CaptureNode {
  private readonly ports: ReadonlySet<number>;
  private readonly given: ReadonlySet<string>;
  /** The first server that was taken for the node because nothing else told. */
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

  /** The side that is the node; null where the connection is none of the node's. */
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
