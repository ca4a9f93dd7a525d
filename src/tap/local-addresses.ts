import { networkInterfaces } from 'node:os';
import { hostOf } from '../p2p/join/ip';

/** The addresses of this machine. */
export function localAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => hostOf(address))),
  );
}
