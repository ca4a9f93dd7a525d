import { FailureError } from '../../lib/errors';
import type { RawAddress } from '../join/ip';
import { isRoutable } from '../join/reachability';
import { checkProgram, lookUp } from './program';

/** IPv4 addresses are looked up as IPv6 addresses that contain them (RFC 4291). */
const MAPPED_IPV4 = Buffer.from('00000000000000000000ffff', 'hex');

/** The autonomous systems of addresses: the networks of the internet, each with one operator. */
export class AsMap {
  private constructor(private readonly bytes: Buffer) {}

  /**
   * @param bytes a map in Core's format (Core 31 `src/util/asmap.cpp`)
   * @throws FailureError with one line that names `name` and says what is wrong with it
   */
  static from(bytes: Buffer, name: string): AsMap {
    const problem = checkProgram(bytes);
    if (problem !== null)
      throw new FailureError(`${name}: ${problem}; give a map in the format of Bitcoin Core’s -asmap`);
    return new AsMap(bytes);
  }

  /**
   * The number of the autonomous system that announces an address; undefined if the map has none. Private and
   * reserved addresses and those of Tor, I2P and CJDNS belong to none.
   */
  asnOf({ network, address }: RawAddress): number | undefined {
    if (!isRoutable({ network, address })) return undefined;
    const ip = network === 'ipv4' ? Buffer.concat([MAPPED_IPV4, address]) : address;
    const asn = lookUp(this.bytes, ip);
    return asn === 0 ? undefined : asn;
  }
}
