import { grouped } from '../lib/grouped';
import { isLocalNetwork } from '../wire/networks';
import type { Facts } from './facts';
import { LIMITS } from './limits';
import type { LivePeer } from './live';
import { type Answer, counted, lasting } from './verdict';

const PANEL = 'chain-height';

/** A chain whose last block is older at the start of the monitor stood still before. */
const OLD_MS = 86_400_000;

/** Is my node in step with the network? */
export function stepAnswer(facts: Facts): Answer {
  const { height, grewMs, network, nowMs, reorgDepth } = facts;
  const at = `The best header is at ${grouped(height)}`;
  const ageMs = Math.max(0, nowMs - grewMs);
  const { length } = connectedPeers(facts);
  if (length === 0)
    return {
      ...(isStarting(facts)
        ? { tone: 'unknown', answer: 'Not known yet', reason: `${at}; peers are being dialled.` }
        : { tone: 'bad', answer: 'Not known: no peer', reason: `${at}, and no peer reports newer ones.` }),
      ...{ advice: '', panel: PANEL },
    };
  if (reorgDepth >= LIMITS.reorgDepth)
    return {
      ...{ tone: 'bad', answer: `${grouped(reorgDepth)} blocks left the best chain`, panel: 'reorgs' },
      reason: 'A branch with more work replaced them within the last hour.',
      advice: 'Treat transactions of the last blocks as unconfirmed, and compare the tip with other sources.',
    };
  const claimed = Math.max(
    0,
    ...connectedPeers(facts).map(({ outbound, startHeight }) => (outbound ? (startHeight ?? 0) : 0)),
  );
  if (claimed > height)
    return {
      ...{ tone: 'warn', answer: `Loading headers: ${grouped(height)} of ${grouped(claimed)}`, panel: PANEL },
      ...{ reason: 'Peers have a longer chain, and its headers are coming.', advice: '' },
    };
  const late = behind(facts);
  if (late !== null) return late;
  if (height === 0 || ageMs > LIMITS.noBlockMs)
    return {
      ...{ tone: isLocalNetwork(network) ? 'unknown' : 'warn', panel: PANEL },
      ...stillness(facts, length),
      advice: isLocalNetwork(network)
        ? `On ${network} a block comes only if somebody asks for one.`
        : 'Compare the height with another source: if that is ahead, this node and its peers are cut off.',
    };
  return {
    ...{ tone: 'good', answer: `In step at ${grouped(height)}`, panel: PANEL },
    ...{
      reason: `The last block came ${lasting(ageMs)} ago, and ${counted(length, 'peer')} agree${length === 1 ? 's' : ''}.`,
      advice: '',
    },
  };
}

/**
 * Since when the chain has not grown. The time of a genesis block tells nothing: it is as old as the network.
 */
function stillness(
  { height, grewMs, nowMs, startedMs }: Facts,
  peers: number,
): Pick<Answer, 'answer' | 'reason'> {
  const told = peers === 1 ? 'the peer reports' : 'the peers report';
  if (height === 0)
    return {
      answer: 'Only the genesis block',
      reason: `The chain has no further block, and ${told} none.`,
    };
  const at = `The best header is at ${grouped(height)}`;
  if (startedMs - grewMs > OLD_MS)
    return {
      answer: `The last block is of ${new Date(grewMs).toISOString().slice(0, 10)}`,
      reason: `${at}, and ${told} no newer one. The monitor began ${lasting(nowMs - startedMs)} ago.`,
    };
  return { answer: `No block for ${lasting(nowMs - grewMs)}`, reason: `${at}, like those of the peers.` };
}

/** The peers that have sent their `version`. */
export function connectedPeers({ peers }: Pick<Facts, 'peers'>): readonly LivePeer[] {
  return peers.filter(({ version }) => version !== null);
}

/** How long the first attempts may take. */
const START_MS = 15_000;

/** Whether no attempt to reach a peer has ended yet. */
export function isStarting({ nowMs, startedMs, dials }: Facts): boolean {
  return nowMs - startedMs < START_MS && dials.every(({ last }) => last === null);
}

/** The configured peer that is the furthest behind. */
function behind({ height, dials, peers }: Facts): Answer | null {
  const own = new Set(dials.map(({ connected }) => connected));
  const [last] = peers
    .filter((peer) => own.has(peer.address) && peer.height !== null)
    .sort((a, b) => (a.height ?? 0) - (b.height ?? 0));
  if (last?.height == null || height - last.height < LIMITS.behindBlocks) return null;
  return {
    ...{
      tone: 'warn',
      answer: `${last.address} is ${counted(height - last.height, 'block')} behind`,
      panel: PANEL,
    },
    reason: `Its height is ${grouped(last.height)}, and that of other peers is ${grouped(height)}.`,
    advice: 'It may still load the chain. If not, look at its log.',
  };
}
