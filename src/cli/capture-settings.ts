import type { CaptureConfig } from '../app/capture-reading';
import type * as OpenCapture from '../tap/open-capture';
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

/**
 * The capture to read; undefined if none is named.
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
      throw new UsageError(`--pcap-node ${pcapNode}: has a meaning only with --pcap`);
    return undefined;
  }
  // Loaded only if a capture is read.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { openCapture } = require('../tap/open-capture') as typeof OpenCapture;
  const node = pcapNode === undefined ? undefined : readPcapNode(pcapNode);
  const name = `--pcap ${pcap}`;
  return {
    node: tap === undefined ? DEFAULT_WATCHED_NAME : readTapName(tap),
    name,
    open: () => (pcap === '-' ? Promise.resolve(process.stdin) : openCapture(expandHome(pcap), name)),
    settings: { ports: [node?.port ?? NETWORKS[network].port], hosts: node === undefined ? [] : [node.host] },
  };
}
