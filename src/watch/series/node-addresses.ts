import type { FieldsOf } from '../../metrics/schema';
import type { AddressCounts } from '../answers';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import type { PartModules } from './part-modules';
import type { WatchPart, WatchTask } from './watch-task';

/** The addresses that a Core knows (getaddrmaninfo), and those that it has banned (listbanned). */
export class NodeAddresses implements WatchPart {
  readonly name = 'addresses of the watched node';
  readonly tasks: readonly WatchTask[];
  private known: ReadonlyMap<string, AddressCounts> | undefined;
  private banned: number | undefined;

  constructor({ clock }: Pick<PartModules, 'clock'>) {
    const minutely = { clock, every: 'minute', share: 0.0025, savedMs: GAUGE_SAVED_MS } as const;
    const pacing = { ...minutely, only: 'core' } as const;
    this.tasks = [
      new PacedTask(
        'getaddrmaninfo',
        pacing,
        async ({ calls }) => void (this.known = await calls.addresses()),
      ),
      new PacedTask('listbanned', pacing, async ({ calls }) => void (this.banned = await calls.banned())),
    ];
  }

  /** The gauges of `peers` that are about addresses. */
  get gauges(): FieldsOf<'peers'> {
    const over = (network: string): number | undefined => this.known?.get(network)?.total;
    const all = this.known?.get('all_networks');
    return {
      num_addrs: all?.total,
      addrs_tried: all?.tried,
      addrs_ipv4: over('ipv4'),
      addrs_ipv6: over('ipv6'),
      addrs_onion: over('onion'),
      addrs_i2p: over('i2p'),
      addrs_cjdns: over('cjdns'),
      num_banned: this.banned,
    };
  }

  forget(): void {
    this.known = undefined;
    this.banned = undefined;
  }
}
