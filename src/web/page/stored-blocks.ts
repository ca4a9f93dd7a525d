import type { LiveBlock } from '../../live/live';
import type { Api } from './api';
import { equals } from './command-line';
import { type PointRow, numberIn, pointsOf, textIn, timeOf } from './node-queries';

/** The number of blocks that are shown. */
const MOST = 20;

/** The last blocks of the store, newest first: what came before the node was started. */
export async function storedBlocks(api: Pick<Api, 'query'>, node: string): Promise<readonly LiveBlock[]> {
  const answer = await api.query(
    {
      query: {
        ...{ series: 'processed_blocks', since: '2d', limit: MOST },
        where: `${equals('node', node)} AND status != 'duplicate' AND status != 'unrequested'`,
      },
    },
    AbortSignal.timeout(30_000),
  );
  return pointsOf(answer)
    .map((point) => blockOf(point))
    .reverse();
}

/** The blocks of the stream, followed by those of the store that are not among them. */
export function withStored(live: readonly LiveBlock[], stored: readonly LiveBlock[]): readonly LiveBlock[] {
  const known = new Set(live.map(({ sha }) => sha));
  return [...live, ...stored.filter(({ sha }) => !known.has(sha))].slice(0, MOST);
}

function blockOf(point: PointRow): LiveBlock {
  return {
    ...{ timeMs: timeOf(point), sha: textIn(point, 'sha'), height: numberIn(point, 'height') },
    ...{ status: textIn(point, 'status'), size: numberIn(point, 'size') ?? 0 },
    ...{ numTx: numberIn(point, 'num_tx') ?? 0, totalFees: numberIn(point, 'total_tx_fees') },
    ...{ processMs: numberIn(point, 'process_time') ?? 0, firstFrom: null },
  };
}
