import type { AddressNetwork } from '../../wire/messages/network-address';
import type { CollectorFactory } from '../collector';

/** `addr_relay`: the addresses that peers sent in an interval, by network. */
export const addrRelay: CollectorFactory = ({ emit }) => {
  const zeros: Record<AddressNetwork | 'messages' | 'entries' | 'rate_limited', number> = {
    messages: 0,
    entries: 0,
    ipv4: 0,
    ipv6: 0,
    torv2: 0,
    torv3: 0,
    i2p: 0,
    cjdns: 0,
    yggdrasil: 0,
    unknown: 0,
    rate_limited: 0,
  };
  let counts = { ...zeros };
  return {
    name: 'addr_relay',
    on: {
      addresses: ({ addresses }) => {
        counts.messages++;
        counts.entries += addresses.length;
        for (const { network } of addresses) counts[network]++;
      },
      addressesLimited: ({ count }) => (counts.rate_limited += count),
    },
    interval: () => {
      emit('addr_relay', counts);
      counts = { ...zeros };
    },
  };
};
