import { fieldOf } from '../query/columns';
import { messageFields, sessionFields } from '../metrics/sessions/session-fields';
import { displayOf } from '../wire/hash';
import type { KnownPeer } from './known-peers';
import { fact, factsOf, step } from './tell';
import { type UnixOf, durationText } from './times';
import type { BriefReceipt } from './transaction-log';
import type { Told, WhyFact, WhyStep } from './why-answer';
import type { WhyRecord } from './why-record';

/** The most connections of one address, and the most last things of a peer, in an answer. */
const MOST_CONNECTIONS = 10;
const MOST_LAST = 10;

/** The record of the connections of an address. It describes the last one. */
export function peerWhy(
  record: WhyRecord,
  address: string,
  { unixOf, nowMs }: { readonly unixOf: UnixOf; readonly nowMs: number },
): Told | null {
  const all = record.peers.list((peer) => peer.address.toLowerCase() === address);
  const last = all.at(-1);
  if (last === undefined) return null;
  const shown = all.slice(-MOST_CONNECTIONS);
  return {
    id: last.address,
    facts: [
      fact('state', stateOf(last, nowMs)),
      fact('connections', all.length),
      ...sessionOf(record, last),
      ...transactionFacts(record, last),
    ],
    timeline: [
      ...shown.flatMap((peer) => connectionSteps(peer)),
      ...blockSteps(record, last),
      ...transactionSteps(record, last),
    ]
      .sort((a, b) => a.timeMs - b.timeMs)
      .map((it) => ({ ...it, timeMs: unixOf(it.timeMs) })),
    policies: [],
    notKnown: [...gaps(last, all.length - shown.length)],
    firstMs: unixOf(all[0]?.openedMs ?? last.openedMs),
  };
}

function stateOf({ endedMs, reason, greetedMs, openedMs }: KnownPeer, nowMs: number): string {
  if (endedMs !== null) return `ended ${durationText(nowMs - endedMs)} ago: ${reason ?? 'not known why'}`;
  return greetedMs === null ? 'in its handshake' : `connected for ${durationText(nowMs - openedMs)}`;
}

/** Its columns of `peer_sessions` and `session_messages`, now or at its end. */
function sessionOf({ modules }: WhyRecord, peer: KnownPeer): readonly WhyFact[] {
  let { session, messages } = peer;
  if (peer.endedMs === null) {
    const { accounts, monotonicMs } = modules;
    const open = accounts.list().find(([{ id }]) => id === peer.id);
    if (open !== undefined) {
      const now = accounts.sessionOf(...open, monotonicMs());
      [session, messages] = [sessionFields(now), messageFields(now)];
    }
  }
  const columns = factsOf(session ?? {}, (name) => fieldOf('peer_sessions', name)?.unit ?? '');
  const counts = factsOf(messages ?? {}, (name) => fieldOf('session_messages', name)?.unit ?? '');
  const isNew = ({ name, value }: WhyFact): boolean =>
    value !== 0 && columns.every((column) => column.name !== name);
  return [...columns, ...counts.filter(isNew)];
}

function transactionFacts({ transactions }: WhyRecord, { id }: KnownPeer): readonly WhyFact[] {
  let count = 0;
  transactions.eachReceived(({ connection }) => {
    if (connection === id) count += 1;
  });
  return [fact('first_tx_received', count, 'transactions')];
}

function connectionSteps({
  openedMs,
  outbound,
  greetedMs,
  endedMs,
  reason,
  violations,
}: KnownPeer): WhyStep[] {
  return [
    step(openedMs, outbound ? 'we connected to it' : 'it connected to us'),
    ...(greetedMs === null ? [] : [step(greetedMs, 'handshake complete')]),
    ...violations.map(({ reason: rule, timeMs }) => step(timeMs, `violation: ${rule}`)),
    ...(endedMs === null ? [] : [step(endedMs, `ended: ${reason ?? 'not known why'}`)]),
  ];
}

/** The last blocks that it announced before every other peer. */
function blockSteps({ blocks }: WhyRecord, { id }: KnownPeer): WhyStep[] {
  return blocks
    .list()
    .flatMap(({ hash, announcements: [first] }) =>
      first?.connection === id
        ? [{ ...step(first.timeMs, 'was the first to announce a block'), about: displayOf(hash) }]
        : [],
    )
    .slice(-MOST_LAST);
}

/** The last transactions that came from it first. */
function transactionSteps({ transactions }: WhyRecord, { id }: KnownPeer): WhyStep[] {
  const last: Pick<BriefReceipt, 'timeMs' | 'txid'>[] = [];
  transactions.eachReceived(({ connection, timeMs, txid }) => {
    if (connection !== id) return;
    last.push({ timeMs, txid });
    if (last.length > MOST_LAST) last.shift();
  });
  return last.map(({ timeMs, txid }) => ({
    ...step(timeMs, 'sent a transaction'),
    about: displayOf(txid()),
  }));
}

function* gaps({ greetedMs, session, endedMs }: KnownPeer, more: number): Generator<string> {
  if (greetedMs === null) yield 'What it claims of itself is not known: its handshake was not complete.';
  if (endedMs !== null && session === null) yield 'No byte of it has passed.';
  if (more > 0) yield `It had ${more} more connections before, which are not shown.`;
  yield `Of what it sent, the last ${MOST_LAST} transactions and blocks of which it was the first are shown.`;
}
