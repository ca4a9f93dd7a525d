import type { Network } from '../bcoin/bcoin';
import type { Endpoint } from '../p2p/endpoint';
import type { BcoinChain, BcoinMempool, BcoinPool, BcoinTX, RegtestParts } from '../bcoin/regtest-parts';

/**
 * The peers: what they call themselves (BIP14), and how many milliseconds they keep inventory back before they announce it.
 * The times have no common divisor of note, so that now this one is first and now that one.
 */
const PEERS = [
  { agent: '/bcoin:1.0.2/', announceMs: 210 },
  { agent: '/btcdmon-demo:0.1.0/', announceMs: 290 },
  { agent: '/btcdmon-demo:0.2.0(slow)/', announceMs: 610 },
  { agent: '/btcdmon-demo:0.3.0/', announceMs: 370 },
] as const;

/** Service bit WITNESS (BIP144). */
const NODE_WITNESS = 1 << 3;

/** The peers of the demo: bcoin pools that listen on loopback and announce what one chain and one mempool hold. */
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
      // bcoin refuses port 0 as an option; its server takes it for any free port.
      pool.options.port = 0;
      // It would ask DNS for the machine's address on the internet, announce that, and dial what peers tell of.
      pool.discoverExternal = () => Promise.resolve();
      pool.hosts.local.clear();
      pool.fillOutbound = () => undefined;
      // bcoin offers compact blocks with witnesses to those alone who claim to have them; Core offers them to everybody.
      pool.on('packet', (_, peer) => (peer.services |= NODE_WITNESS));
      // Errors of a pool are those of its peers: a listener that went away.
      pool.on('error', () => undefined);
      return pool;
    });
  }

  /** Where each peer listens, once started. */
  get endpoints(): readonly Endpoint[] {
    return this.pools.map((pool) => {
      const { address, port } = pool.server.address();
      return { host: address, port };
    });
  }

  /** Begins to listen and to announce. */
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

  /** Lets one peer alone announce a transaction, also one that the mempool does not take; `which` chooses the peer. */
  announceFromOne(tx: BcoinTX, which: number): void {
    // The promise tells whether somebody fetched it within a minute, which is not our concern.
    this.pools[which % this.pools.length]?.broadcast(tx).catch(() => undefined);
  }

  /** Closes every connection, also after a start that failed. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    for (const pool of this.opened) await pool.close();
  }
}

function announce(pool: BcoinPool): void {
  for (let peer = pool.peers.head(); peer !== null; peer = peer.next) peer.flushInv();
}
