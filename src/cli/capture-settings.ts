import { createReadStream } from 'node:fs';
import type { CaptureConfig } from '../app/capture-reading';
import { DEFAULT_WATCHED_NAME } from '../watch/watch-url';
import { NETWORKS, type NetworkName } from '../wire/networks';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { readPcapNode, readTapName } from './watch-values';

/** The options of a capture, as yargs parses them. */
interface CaptureArguments {
  readonly network: NetworkName;
  readonly tap?: string | undefined;
  readonly pcap?: string | undefined;
  readonly pcapNode?: string | undefined;
}

/** Bytes of the capture that are read at once. */
const CHUNK_BYTES = 262_144;

/**
 * The capture that is to be read; undefined where none is.
 * @throws UsageError naming the option, its value and what would be right
 */
export function captureSettings({
  network,
  tap,
  pcap,
  pcapNode,
}: CaptureArguments): CaptureConfig | undefined {
  if (pcap === undefined) {
    if (pcapNode !== undefined)
      throw new UsageError(`--pcap-node ${pcapNode}: is the node in a capture; give --pcap as well`);
    return undefined;
  }
  const node = pcapNode === undefined ? undefined : readPcapNode(pcapNode);
  return {
    node: tap === undefined ? DEFAULT_WATCHED_NAME : readTapName(tap),
    name: `--pcap ${pcap}`,
    open: () =>
      pcap === '-' ? process.stdin : createReadStream(expandHome(pcap), { highWaterMark: CHUNK_BYTES }),
    settings: { ports: [node?.port ?? NETWORKS[network].port], hosts: node === undefined ? [] : [node.host] },
  };
}
