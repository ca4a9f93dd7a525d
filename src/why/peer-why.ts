import { fieldOf } from '../query/columns';
import { messageFields, sessionFields } from '../metrics/sessions/session-fields';
import { displayOf, type Hash, readHash } from '../wire/hash';
import type { KnownPeer } from './known-peers';
import { fact, factsOf, step } from './tell';
import { type UnixOf, durationText } from './times';
import type { Told, WhyFact, WhyStep } from './why-answer';
import type { WhyRecord } from './why-record';

/** The most connections of one address, and the most last things of a peer, in an answer. */
const MOST_CONNECTIONS = 10;
const MOST_LAST = 10;

const HASH_BYTES = 32;

/** The record of the connections of an address. It describes the last one. */
export async function peerWhy(
  record: WhyRecord,
  address: string,
  { unixOf, nowMs }: { readonly unixOf: UnixOf; readonly nowMs: number },
): Promise<Told | null> {
  const all = record.peers.list((peer) => peer.address.toLowerCase() === address);
  const last = all.at(-1);
  if (last === undefined) return null;
  const shown = all.slice(-MOST_CONNECTIONS);
  const sent = await sentBy(record, last);
  return {
    id: last.address,
    facts: [
      fact('state', stateOf(last, nowMs)),
      fact('connections', all.length),
      ...sessionOf(record, last),
      fact('first_tx_received', sent.count, 'transactions'),
    ],
    timeline: [
      ...shown.flatMap((peer) => connectionSteps(peer)),
      ...blockSteps(record, last),
      ...transactionSteps(sent),
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

/** What a connection was the first to send. */
interface Sent {
  readonly count: number;
  /** The last ones. */
  readonly last: readonly { readonly timeMs: number; readonly txid: Hash }[];
}

async function sentBy({ transactions }: WhyRecord, { id, openedMs, endedMs }: KnownPeer): Promise<Sent> {
  let count = 0;
  // A text for each txid would take longer than all the rest.
  const txids = Buffer.alloc(MOST_LAST * HASH_BYTES);
  const times = new Float64Array(MOST_LAST);
  const time = { sinceMs: openedMs, ...(endedMs === null ? {} : { untilMs: endedMs }) };
  await transactions.eachReceived(
    time,
    ({ timeMs, copyTxid }) => {
      const slot = count++ % MOST_LAST;
      copyTxid(txids, slot * HASH_BYTES);
      times[slot] = timeMs;
    },
    id,
  );
  const last = Array.from({ length: Math.min(count, MOST_LAST) }, (_, i) => {
    const slot = (count > MOST_LAST ? count + i : i) % MOST_LAST;
    return { timeMs: times[slot] ?? 0, txid: readHash(txids, slot * HASH_BYTES) };
  });
  return { count, last };
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
function transactionSteps({ last }: Sent): WhyStep[] {
  return last.map(({ timeMs, txid }) => ({ ...step(timeMs, 'sent a transaction'), about: displayOf(txid) }));
}

function* gaps({ greetedMs, session, endedMs }: KnownPeer, more: number): Generator<string> {
  if (greetedMs === null) yield 'What it claims of itself is not known: its handshake was not complete.';
  if (endedMs !== null && session === null) yield 'No byte of it has passed.';
  if (more > 0) yield `It had ${more} more connections before, which are not shown.`;
  yield `Of what it sent, the last ${MOST_LAST} transactions and blocks of which it was the first are shown.`;
}
