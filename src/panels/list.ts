import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import type { Panel } from './panel';
import { CHAIN } from './themes/chain';
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
  if (panel === undefined)
    throw new UsageError(
      `there is no query @${bare}${suggestion(bare, [...BY_NAME.keys()]) || '; `btcdmon-node queries` lists them'}`,
    );
  return panel;
}
