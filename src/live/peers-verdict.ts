import { grouped } from '../lib/grouped';
import { dialSentence } from './dial-words';
import type { Facts } from './facts';
import { LIMITS } from './limits';
import type { LivePeer } from './live';
import { connectedPeers, isStarting } from './step-verdict';
import { type Answer, counted } from './verdict';

/** Missing peers that are named; the table of peers has all. */
const MOST_NAMED = 2;

/** Are its peers healthy? */
export function peersAnswer(facts: Facts): Answer {
  const { dials, network, peerChange } = facts;
  const connected = connectedPeers(facts);
  const missing = dials.filter((dial) => dial.connected === null);
  if (connected.length === 0 && isStarting(facts))
    return {
      ...{ tone: 'unknown', answer: 'Connecting', reason: 'Peers are being dialled.', advice: '' },
      panel: 'peers',
    };
  const named = missing.slice(0, MOST_NAMED).map((dial) => dialSentence(dial, network));
  const more = missing.length - named.length;
  const reason = [...named, ...(more > 0 ? [`${grouped(more)} more are in the table of peers`] : [])]
    .map((sentence) => (/[.?!]$/.test(sentence) ? sentence : `${sentence}.`))
    .join(' ');
  if (connected.length === 0)
    return {
      ...{ tone: 'bad', answer: 'No peer is connected', panel: 'disconnects' },
      reason: reason === '' ? 'No peer was found.' : reason,
      advice: missing.length > 0 ? '' : 'Are outbound connections to the port of the network possible?',
    };
  if (missing.length > 0)
    return {
      ...{ tone: 'warn', panel: 'disconnects', reason, advice: '' },
      answer: `${grouped(missing.length)} of ${counted(dials.length, 'configured peer')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    };
  const { lately, before } = peerChange;
  if (before !== null && before >= LIMITS.fewPeersFrom && lately < before * LIMITS.fewPeersPart)
    return {
      ...{
        tone: 'warn',
        answer: `${counted(connected.length, 'peer')}, half of them gone`,
        panel: 'disconnects',
      },
      reason: `An hour ago there were ${grouped(Math.round(before))}.`,
      advice:
        'The panel of ended connections shows why. If other machines see the same, the network is the cause.',
    };
  return {
    ...{ tone: 'good', answer: counted(connected.length, 'peer'), advice: '', panel: 'peers' },
    reason: described(connected),
  };
}

function described(peers: readonly LivePeer[]): string {
  const out = peers.filter(({ outbound }) => outbound).length;
  const pings = peers.flatMap(({ pingMs }) => pingMs ?? []);
  const fastest =
    pings.length === 0 ? '' : `; the fastest answers in ${Number(Math.min(...pings).toPrecision(2))} ms`;
  return `${grouped(out)} outbound, ${grouped(peers.length - out)} inbound${fastest}.`;
}
