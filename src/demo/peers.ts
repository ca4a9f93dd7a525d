import type { Network } from '../bcoin/bcoin';
import type { Endpoint } from '../p2p/endpoint';
import type { BcoinChain, BcoinMempool, BcoinPool, BcoinTX, RegtestParts } from '../bcoin/regtest-parts';

/**
 * The peers: their user agents (BIP14), and how many milliseconds they delay inventory before they announce
 * it. The delays have no useful common divisor, so different peers are first at different times.
 */
const PEERS = [
  { agent: '/bcoin:1.0.2/', announceMs: 210 },
  { agent: '/btcdmon-demo:0.1.0/', announceMs: 290 },
  { agent: '/btcdmon-demo:0.2.0(slow)/', announceMs: 610 },
  { agent: '/btcdmon-demo:0.3.0/', announceMs: 370 },
] as const;

/** Service bit WITNESS (BIP144). */
const NODE_WITNESS = 1 << 3;

/**
 * The peers of the demo: bcoin pools that listen on loopback and announce the contents of one chain and one
 * mempool.
 */
export class DemoPeers {
  private readonly pools: readonly BcoinPool[];
  private readonly opened: BcoinPool[] = [];
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    options: { readonly listenHost: string },
    modules: {
      readonly parts: RegtestParts;
      readonly network: Network;
      readonly chain: BcoinChain;
      readonly mempool: BcoinMempool;
    },
  ) {
    const { parts, network, chain, mempool } = modules;
    this.pools = PEERS.map(({ agent }) => {
      const pool = new parts.Pool({
        network,
        chain,
        mempool,
        memory: true,
        listen: true,
        host: options.listenHost,
        agent,
        seeds: [],
      });
      // bcoin refuses port 0 as an option, but its server takes it as any free port.
      pool.options.port = 0;
      // btcd's `reject` has longer reasons than bcoin can read, for which bcoin would ban it.
      pool.options.banScore = Infinity;
      // Otherwise bcoin would ask DNS for the machine's address on the internet, announce it, and dial
      // addresses that peers send.
      pool.discoverExternal = () => Promise.resolve();
      pool.hosts.local.clear();
      pool.fillOutbound = () => undefined;
      // bcoin offers compact blocks with witnesses only to peers that claim NODE_WITNESS; Core offers them to
      // everybody.
      pool.on('packet', (_, peer) => (peer.services |= NODE_WITNESS));
      // Errors of a pool come from its peers, such as a listener that disconnected.
      pool.on('error', () => undefined);
      return pool;
    });
  }

  /** Address and port of each peer after the start. */
  get endpoints(): readonly Endpoint[] {
    return this.pools.map((pool) => {
      const { address, port } = pool.server.address();
      return { host: address, port };
    });
  }

  /** Starts listening and announcing. */
  async start(): Promise<void> {
    for (const pool of this.pools) {
      await pool.open();
      this.opened.push(pool);
      await pool.connect();
    }
    this.pools.forEach((pool, index) => {
      this.timers.push(setInterval(() => announce(pool), PEERS[index]?.announceMs));
    });
  }

  /**
   * Makes one peer announce a transaction, even one that the mempool does not accept; `which` selects the
   * peer.
   */
  announceFromOne(tx: BcoinTX, which: number): void {
    // The promise resolves when somebody fetched it within a minute, which does not matter here.
    this.pools[which % this.pools.length]?.broadcast(tx).catch(() => undefined);
  }

  /** Closes every connection, also after a failed start. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    for (const pool of this.opened) await pool.close();
  }
}

function announce(pool: BcoinPool): void {
  for (let peer = pool.peers.head(); peer !== null; peer = peer.next) peer.flushInv();
}
