import type { ArgumentsCamelCase } from 'yargs';
import { UsageError } from '../lib/errors';
import { formatEndpoint } from '../p2p/endpoint';
import type { JoinOptions } from '../p2p/join/prepare-join';
import type { ListenArguments } from './arguments';
import { LISTEN_OPTIONS } from './options';
import { readDns, readListen, readSeed, readShard } from './values';

/**
 * Checks the options for joining a network and returns the settings; undefined if none is joined.
 * @throws UsageError naming the option, its value and what would be right
 */
export function joinSettings(args: ArgumentsCamelCase<ListenArguments>): JoinOptions | undefined {
  const { dns, exclude, join, listen, network, proxy, rotate, seed, shard } = args;
  const peers = LISTEN_OPTIONS.peers.read(args.peers);
  const feelersAnHour = LISTEN_OPTIONS.feelers.read(args.feelers);
  const maxInbound = LISTEN_OPTIONS['max-inbound'].read(args.maxInbound);
  if (!join) {
    if (seed !== undefined) throw new UsageError(`--seed ${seed.join(' ')}: has a meaning only with --join`);
    if (dns !== undefined) throw new UsageError(`--dns ${dns}: has a meaning only with --join`);
    if (rotate !== undefined) throw new UsageError(`--rotate ${rotate}: has a meaning only with --join`);
    if (shard !== undefined) throw new UsageError(`--shard ${shard}: has a meaning only with --join`);
    if (exclude !== undefined && listen === undefined)
      throw new UsageError(`--exclude ${exclude}: has a meaning only with --join or --listen`);
    if (listen === undefined) return undefined;
  }
  if (dns !== undefined && proxy !== undefined)
    throw new UsageError(`--dns ${dns}: is not asked with --proxy, which resolves all names; leave it out`);
  return {
    peers: join ? peers : 0,
    maxInbound,
    ...(join ? { feelersAnHour } : {}),
    ...(listen === undefined ? {} : { listen: readListen(listen, network) }),
    ...(seed === undefined ? {} : { seeds: seed.map((text) => readSeed(text, network)) }),
    ...(dns === undefined ? {} : { resolver: formatEndpoint(readDns(dns)) }),
    ...(rotate === undefined ? {} : { rotateMs: LISTEN_OPTIONS.rotate.read(rotate) }),
    ...(shard === undefined ? {} : { shard: readShard(shard) }),
  };
}
