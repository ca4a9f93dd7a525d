import type { EventBus } from '../lib/event-bus';
import type { MonitorEvents } from '../metrics/collector';
import { Bans, type BanTimes, CAUSES_BAN } from '../p2p/join/bans';
import type { Violation } from '../p2p/p2p-events';
import { TapConnection } from './tap-connection';

/** What bans need. */
export interface BanPolicyModules {
  /** The events of the watched node. */
  readonly bus: EventBus<MonitorEvents>;
  /** Refuses the address of a peer for a day. Returns whether it is refused (`TapProcess.ban`). */
  readonly ban: (connection: TapConnection) => boolean;
  readonly times: BanTimes;
  /** Called for each address that is banned. */
  readonly banned: (connection: TapConnection, reason: Violation) => void;
}

/**
 * `--tap-ban`: refuses the addresses of inbound peers that broke the protocol, for the violations that cause
 * a ban with `--listen` (`CAUSES_BAN`). The watched node sees all inbound peers at the tap's address, so its
 * own bans by address would refuse all of them or none.
 */
export class BanPolicy {
  private readonly bans: Bans;

  constructor(private readonly modules: BanPolicyModules) {
    this.bans = new Bans(modules.times);
    modules.bus.on('violation', ({ peer, reason }) => {
      if (peer instanceof TapConnection && CAUSES_BAN[reason]) this.ban(peer, reason);
    });
  }

  /** Number of addresses that are banned. */
  get size(): number {
    return this.bans.size;
  }

  private ban(connection: TapConnection, reason: Violation): void {
    const { ban, banned } = this.modules;
    const { host, outbound } = connection;
    if (outbound || this.bans.has(host) || !ban(connection)) return;
    this.bans.add(host);
    banned(connection, reason);
  }
}
