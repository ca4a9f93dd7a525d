import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import type { Panel } from './panel';
import { CHAIN } from './themes/chain';
import { FEES } from './themes/fees';
import { HEALTH } from './themes/health';
import { MEMPOOL } from './themes/mempool';
import { PEERS } from './themes/peers';
import { PROPAGATION } from './themes/propagation';
import { TRAFFIC } from './themes/traffic';
import { TRANSACTIONS } from './themes/transactions';

/** Every panel, in the order in which they are shown. */
export const PANELS: readonly Panel[] = [
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
