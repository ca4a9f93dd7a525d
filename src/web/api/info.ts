import type { ExporterStats } from '../../metrics/collector';
import { networkFor, nodesFor } from '../../panels/nodes';
import { namesInOrder } from '../../query/store-nodes';
import { VERSION } from '../../lib/version';
import type { Live } from '../../live/live';
import type { Handler } from '../exchange';
import type { StoreExtentReader } from '../store-extent';
import { readParams } from '../params';
import { sendJson } from '../reply';

/** The node or store that the page shows. */
export interface About {
  /** Name of this node or collector; null for a store alone. */
  readonly node: string | null;
  /** The current state of a running node. */
  readonly live?: Live | undefined;
  readonly exporters: () => readonly ExporterStats[];
  readonly extent: StoreExtentReader;
}

/** The part that changes all the time. */
export async function statusOf({ node, live, exporters, extent }: About): Promise<Record<string, unknown>> {
  const { isKnown, oldestMs, newestMs } = await extent.get();
  return {
    version: VERSION,
    node,
    network: live?.network ?? null,
    startedMs: live?.startedMs ?? null,
    nowMs: Date.now(),
    live: live !== undefined,
    ...{ storeAnswers: isKnown, oldestMs, newestMs },
    exporters: exporters().map((stats) => ({ spooled: 0, damaged: 0, ...stats })),
  };
}

/** `GET /api/info`. */
export function infoHandler(about: About): Handler {
  return async ({ request, response, params }) => {
    readParams(params, []);
    const all = await about.extent.allNodes();
    const status = await statusOf(about);
    const { nodes, networks, newestNetwork } = await about.extent.get();
    const watched = namesInOrder(all.filter(({ isWatched }) => isWatched));
    // Of a running node, or else that of the newest point.
    const network = networkFor(all, about.live?.network ?? newestNetwork);
    const shows = nodesFor(all, { network, own: about.node }).node;
    await sendJson(request, response, {
      ...{ ...status, nodes, networks, watched, shows },
      showsNetwork: network ?? '',
    });
  };
}
