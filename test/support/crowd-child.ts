import type { CrowdCommand, CrowdOrder } from './crowd/news';
import { SimulatedNetwork } from './crowd/network';

// The simulated network, in a process of its own. The first message orders it, and its answer says where it
// is. Further messages are commands.

let network: SimulatedNetwork | undefined;

async function start(order: CrowdOrder): Promise<void> {
  network = await SimulatedNetwork.start(order);
  process.send?.(network.place);
}

process.on('message', (message: CrowdOrder | CrowdCommand) => {
  if (typeof message === 'object') void start(message);
  else if (message === 'relay') network?.relay();
  else if (message === 'quiet') network?.quiet();
  else process.send?.(network?.report());
});
process.on('disconnect', () => process.exit());
