import type { LiveChain, LiveTreeBlock } from '../../live/live';
import type { Api } from './api';
import { equals } from './command-line';
import { numberIn, pointsOf, textIn } from './node-queries';

/** Blocks of which the store is asked at a time, the highest first. */
const MOST_ASKED = 60;

const HOUR_MS = 3_600_000;

/** How far back the store is looked through: `propagation` has a point for each transaction as well. */
const POOL_BACK_MS = 30 * 24 * HOUR_MS;
const SPREAD_BACK_MS = 24 * HOUR_MS;

/** Miners may be wrong about the time by so much. */
const WRONG_MS = 2 * HOUR_MS;

/** What the store has of a block. */
type Stored = Pick<LiveTreeBlock, 'pool' | 'firstFrom' | 'peers'>;

/** What the store tells of the blocks of the tree that came before the node was started. */
export class StoredTree {
  private known = new Map<string, Stored>();
  /** The blocks of the tree of which the store was asked. */
  private asked: ReadonlySet<string> = new Set();

  constructor(
    private readonly api: Pick<Api, 'query'>,
    private readonly node: () => string | null,
  ) {}

  /** The tree, with what the store has where the node does not know it. */
  fill(chain: LiveChain): LiveChain {
    return {
      ...chain,
      blocks: chain.blocks.map((block) => {
        const stored = this.known.get(block.sha);
        if (stored === undefined) return block;
        const pool = block.pool ?? stored.pool;
        return block.firstFrom === null ? { ...block, ...stored, pool } : { ...block, pool };
      }),
    };
  }

  /** Asks the store of blocks that it was not asked of yet. @returns whether it had any of them */
  async ask({ blocks }: LiveChain, nowMs: number, signal: AbortSignal): Promise<boolean> {
    const node = this.node();
    const unknown = blocks.filter(({ pool, firstFrom }) => pool === null || firstFrom === null);
    const fresh = unknown.filter(({ sha }) => !this.asked.has(sha)).slice(0, MOST_ASKED);
    if (node === null || fresh.length === 0) return false;
    const oldestMs = Math.min(...fresh.map(({ timeMs }) => timeMs)) - WRONG_MS;
    const query = async (
      series: string,
      backMs: number,
      more: string,
      of: readonly LiveTreeBlock[] = fresh,
    ) =>
      pointsOf(
        await this.api.query(
          {
            query: {
              ...{ series, limit: 4 * MOST_ASKED },
              where: `${equals('node', node)} AND sha IN (${of.map(({ sha }) => `'${sha}'`).join(', ')})${more}`,
              since: new Date(Math.max(oldestMs, nowMs - backMs)).toISOString(),
            },
          },
          signal,
        ),
      );
    const mined = await query('processed_blocks', POOL_BACK_MS, " AND pool != ''");
    const spread = await query('propagation', SPREAD_BACK_MS, " AND kind = 'block' AND peers > 0");
    for (const point of mined) this.note(textIn(point, 'sha'), { pool: textIn(point, 'pool') });
    // An older version wrote the pool into the template of a block alone.
    const lacking = fresh.filter(({ sha, pool }) => (pool ?? this.known.get(sha)?.pool ?? null) === null);
    const templates = lacking.length === 0 ? [] : await query('block_templates', POOL_BACK_MS, '', lacking);
    for (const point of templates) this.note(textIn(point, 'sha'), { pool: textIn(point, 'pool') });
    for (const point of spread)
      this.note(textIn(point, 'sha'), {
        firstFrom: textIn(point, 'first_peer'),
        peers: numberIn(point, 'peers'),
      });
    // Of blocks that are no longer drawn nothing is kept.
    const drawn = new Set(blocks.map(({ sha }) => sha));
    this.known = new Map([...this.known].filter(([sha]) => drawn.has(sha)));
    this.asked = new Set([...this.asked, ...fresh.map(({ sha }) => sha)].filter((sha) => drawn.has(sha)));
    return mined.length + templates.length + spread.length > 0;
  }

  private note(sha: string, told: Partial<Stored>): void {
    const before = this.known.get(sha) ?? { pool: null, firstFrom: null, peers: null };
    this.known.set(sha, { ...before, ...told });
  }
}
