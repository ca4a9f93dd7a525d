import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import { isSeries } from '../metrics/schema';
import type { Panel } from './panel';
import { CHAIN } from './themes/chain';
import { CRAWL } from './themes/crawl';
import { FEES } from './themes/fees';
import { HEALTH } from './themes/health';
import { MEMPOOL } from './themes/mempool';
import { NODE_CLOCKS } from './themes/node-clocks';
import { NODE_HEALTH } from './themes/node-health';
import { NODE_PEERS } from './themes/node-peers';
import { PEERS } from './themes/peers';
import { PROPAGATION } from './themes/propagation';
import { TAP } from './themes/tap';
import { TRAFFIC } from './themes/traffic';
import { TRANSACTIONS } from './themes/transactions';

/** Every panel, in the order in which they are shown. */
export const PANELS: readonly Panel[] = [
  ...NODE_HEALTH,
  ...NODE_PEERS,
  ...NODE_CLOCKS,
  ...TAP,
  ...CHAIN,
  ...MEMPOOL,
  ...FEES,
  ...TRANSACTIONS,
  ...PROPAGATION,
  ...TRAFFIC,
  ...PEERS,
  ...CRAWL,
  ...HEALTH,
];

const BY_NAME: ReadonlyMap<string, Panel> = new Map(PANELS.map((panel) => [panel.name, panel]));

/**
 * The panel with a name, with or without the leading `@` of the command line.
 * @throws UsageError that suggests the nearest name
 */
export function panelOf(name: string): Panel {
  const bare = name.startsWith('@') ? name.slice(1) : name;
  const panel = BY_NAME.get(bare);
  if (panel === undefined) {
    const series = isSeries(bare) ? `; ${bare} is a series: query ${bare}` : '';
    const hint = suggestion(bare, [...BY_NAME.keys()]) || partly(bare);
    throw new UsageError(
      `there is no query @${bare}${series}${hint || '; `btcdmon-node queries` lists them'}`,
    );
  }
  return panel;
}

/** Whether a named query has this name, without @. */
export function isPanel(name: string): boolean {
  return BY_NAME.has(name);
}

/** The names that contain a part of one; '' where none does. */
function partly(name: string): string {
  const names = name.length < SHORTEST_PART ? [] : [...BY_NAME.keys()].filter((each) => each.includes(name));
  return names.length === 0 ? '' : `; there are @${names.slice(0, MOST_NAMED).join(', @')}`;
}

/** A shorter part is in too many names. */
const SHORTEST_PART = 3;

/** The most names that an error offers. */
const MOST_NAMED = 5;
