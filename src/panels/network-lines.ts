import { line } from './panel';

/** Peers by the network of their address, a line for each network. */
export const NETWORK_LINES = [
  line('IPv4', 'peers', 'mean', 'ipv4'),
  line('IPv6', 'peers', 'mean', 'ipv6'),
  line('Tor', 'peers', 'mean', 'onion'),
  line('I2P', 'peers', 'mean', 'i2p'),
  line('CJDNS', 'peers', 'mean', 'cjdns'),
  line('private', 'peers', 'mean', 'not_publicly_routable'),
];
