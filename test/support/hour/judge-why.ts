import type { LiveWhy } from '../../../src/why/why-answer';
import { transactionRows, wtxidOf } from './expected';
import { SCRIPTED_AGENT } from './scripted-peer';
import { SCRIPTED } from './stage';
import { itemsOf, transcribe } from './transcript';
import type { View } from './view';

/** Every transaction of the script is named by these, so fewer would be no judge. */
const LEAST_TRANSACTIONS = 30;

/** Holds what `why` told against the script, the btcds and the recorders. */
export function judgeWhy(view: View): void {
  const addresses = (): readonly string[] =>
    view.listener.recorders.map((_, peer) => view.listener.addressOf(peer));

  it('why: answers by txid and by wtxid for each transaction, with its fee and verdict', () => {
    let count = 0;
    for (const [txid, relayed] of view.record.relayed) {
      const { tx, fees } = transactionRows(relayed, view.policy);
      for (const id of [txid, wtxidOf(relayed.transaction)]) {
        const told = view.why(id);
        expect([id, told.kind, told.id]).toEqual([id, 'transaction', txid]);
        expect(factsOf(told)).toMatchObject({
          ...{ txid, wtxid: wtxidOf(relayed.transaction), version_num: tx['version_num'] },
          ...{ tx_size: tx['tx_size'], vsize: tx['vsize'], weight: tx['weight'] },
          ...{ num_inputs: tx['num_inputs'], num_outputs: tx['num_outputs'], is_standard: tx['is_standard'] },
          ...(tx['is_standard'] === true ? {} : { non_standard_reason: tx['non_standard_reason'] }),
          ...(fees === undefined ? {} : { tx_fee: fees['tx_fee'] }),
        });
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(2 * LEAST_TRANSACTIONS);
  });

  it('why: names each peer that announced it, each that was asked, and who sent it, as on the wire', () => {
    const wire = wireFacts(view);
    for (const [txid, { transaction }] of view.record.relayed) {
      const ids = [txid, wtxidOf(transaction)];
      const seen = (map: ReadonlyMap<string, ReadonlySet<string>>): string[] =>
        [...new Set(ids.flatMap((id) => [...(map.get(id) ?? [])]))].sort();
      const { timeline } = view.why(txid);
      const told = (what: RegExp): string[] =>
        [...new Set(timeline.flatMap((step) => (what.test(step.what) ? [step.peer ?? ''] : [])))].sort();
      expect({ txid, announced: told(/^announced/), asked: told(/^asked for it/) }).toEqual({
        ...{ txid, announced: seen(wire.announced), asked: seen(wire.asked) },
      });
      expect(seen(wire.asked)).toEqual(expect.arrayContaining(told(/^received/)));
      expect(told(/^received/)).toHaveLength(1);
    }
  });

  it('why: knows the block of the best chain that has it, as btcd tells of it, and how deep it is', async () => {
    const { last } = view.stage.line;
    const tip = await last.rpc<number>('getblockcount');
    const blockOf = new Map<string, { readonly hash: string; readonly height: number }>();
    for (let height = 111; height <= tip; height++) {
      const hash = await last.rpc<string>('getblockhash', height);
      const { tx } = await last.rpc<{ readonly tx: readonly string[] }>('getblock', hash);
      for (const txid of tx) blockOf.set(txid, { hash, height });
    }
    let mined = 0;
    for (const txid of view.record.relayed.keys()) {
      const block = blockOf.get(txid);
      const { height, block: hash, depth } = factsOf(view.why(txid));
      const expected = block === undefined ? {} : { ...block, depth: tip - block.height + 1 };
      expect({ txid, hash, height, depth }).toEqual({ txid, ...expected });
      if (block !== undefined) mined += 1;
    }
    expect(mined).toBeGreaterThan(LEAST_TRANSACTIONS);
    expect(view.why(String(tip)).id).toBe(await last.rpc('getbestblockhash'));
  });

  it('why: tells of each conflict on both sides', () => {
    for (const { tx_id: later, conflicts_with: earlier, prev_out: output } of view.record.conflicts)
      for (const [id, other] of [
        [later, earlier],
        [earlier, later],
      ] as const) {
        // One that only a block had is known by its block alone.
        if (!view.record.relayed.has(id)) continue;
        const about = view.why(id).timeline.filter(({ what }) => what.endsWith(output));
        expect([id, about.map((step) => step.about)]).toEqual([id, expect.arrayContaining([other])]);
      }
  });

  it('why: tells of each block how it was judged, by whom it came, and what was never relayed', () => {
    const last = new Map(
      view.record.judged
        .filter(({ status }) => status !== 'duplicate' && status !== 'unrequested')
        .map((judged) => [judged.sha, judged]),
    );
    for (const [sha, { status, forged, unseen, from }] of last) {
      const told = view.why(sha);
      expect([sha, told.kind, told.id]).toEqual([sha, 'block', sha]);
      expect(factsOf(told)).toMatchObject({
        ...{ sha, status, num_unseen_tx: unseen },
        ...(forged?.reason === undefined ? {} : { reject_reason: forged.reason }),
        ...(forged === undefined
          ? { height: view.stage.facts.judged({ sha, status, unseen, from })['height'] }
          : {}),
      });
      const senders = told.timeline.flatMap(({ what, peer }) => (what.startsWith('received') ? [peer] : []));
      const possible = view.record.judged
        .filter((judged) => judged.sha === sha)
        .flatMap((judged) => judged.from.map((peer) => view.listener.addressOf(peer)));
      expect(possible).toEqual(expect.arrayContaining(senders));
    }
    for (const { depth, old_tip: sha } of view.record.reorgs) {
      expect(depth).toBeGreaterThan(0);
      expect(view.why(sha).timeline.map(({ what }) => what)).toContain('left the best chain');
    }
  });

  it('why: tells of each peer its connections, what passed on them, and its violations', () => {
    for (const [peer, address] of addresses().entries()) {
      const told = view.why(address);
      const connections = view.listener.recorders[peer]?.connections ?? [];
      expect(told).toMatchObject({ kind: 'peer', id: address });
      expect(factsOf(told)).toMatchObject({ connections: connections.length, is_inbound: false });
      expect(told.timeline.filter(({ what }) => what === 'we connected to it')).toHaveLength(
        connections.length,
      );
      const violations: Record<string, number> = {};
      for (const { what } of told.timeline) {
        const [, reason] = /^violation: (.*)/.exec(what) ?? [];
        if (reason !== undefined) violations[reason] = (violations[reason] ?? 0) + 1;
      }
      expect(violations).toEqual(peer === SCRIPTED ? Object.fromEntries(view.record.violations) : {});
    }
    expect(factsOf(view.why(view.listener.addressOf(SCRIPTED)))['user_agent']).toBe(SCRIPTED_AGENT);
  });
}

function factsOf({ facts }: LiveWhy): Readonly<Record<string, unknown>> {
  return Object.fromEntries(facts.map(({ name, value }) => [name, value]));
}

/** By id: the addresses of the peers that announced it and of those that were asked for it, as recorded. */
function wireFacts({ listener }: View): {
  readonly announced: ReadonlyMap<string, ReadonlySet<string>>;
  readonly asked: ReadonlyMap<string, ReadonlySet<string>>;
} {
  const [announced, asked] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  for (const [peer, { connections }] of listener.recorders.entries())
    for (const transcript of connections.map(transcribe))
      for (const [map, messages] of [
        [announced, transcript.in.filter(({ command }) => command === 'inv')],
        [asked, transcript.out.filter(({ command }) => command === 'getdata')],
      ] as const)
        for (const { hash } of messages.flatMap(itemsOf))
          map.set(hash, (map.get(hash) ?? new Set()).add(listener.addressOf(peer)));
  return { announced, asked };
}
