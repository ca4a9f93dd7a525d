import { forgedRow, sorted } from './rows';
import type { View } from './view';

/** Compares blocks and reorganisations with btcd's RPC and the script. */
export function judgeChain(view: View): void {
  it('blocks: has each block that became the best, as btcd tells of it', async () => {
    const expected = view.record.bests.map((sha) => view.stage.facts.best(sha));
    expect(
      await view.rows('SELECT sha, best_height, size, num_tx, median_time FROM blocks ORDER BY time'),
    ).toEqual(expected);
    expect(view.record.bests.at(-1)).toBe(await view.stage.line.last.rpc('getbestblockhash'));
  });

  it('processed_blocks: has each judgement, with what btcd or the script knows of the block', async () => {
    const expected = view.record.judged.map((judged) =>
      judged.forged === undefined ? view.stage.facts.judged(judged) : forgedRow(judged),
    );
    const columns = Object.keys(expected[0] ?? {}).join();
    expect(await view.rows(`SELECT ${columns} FROM processed_blocks ORDER BY time`)).toEqual(expected);
    expect(new Set(view.record.judged.map(({ status }) => status))).toEqual(
      new Set(['accepted', 'side_chain', 'rejected', 'duplicate', 'unrequested', 'orphan']),
    );
  });

  it('processed_blocks: has as fees what the script paid', async () => {
    let blocks = 0;
    for (const sha of new Set(view.record.bests)) {
      const relayed = view.stage.facts.txids(sha).map((txid) => view.record.relayed.get(txid));
      const fees = relayed.map((each) => each?.fee);
      if (fees.includes(undefined)) continue;
      blocks += 1;
      expect(
        await view.rows(
          `SELECT total_tx_fees AS fees FROM processed_blocks WHERE sha = '${sha}' AND status = 'accepted'`,
        ),
      ).toEqual([{ fees: fees.reduce<number>((sum, fee) => sum + (fee ?? 0), 0) }]);
    }
    expect(blocks).toBeGreaterThan(10);
  });

  it('processed_blocks: says who sent it, and how long it took', async () => {
    const found = await view.rows('SELECT peer_addr, process_time FROM processed_blocks ORDER BY time');
    found.forEach(({ peer_addr, process_time }, i) => {
      const from = view.record.judged[i]?.from.map((peer) => view.listener.addressOf(peer));
      expect(from).toContain(peer_addr);
      expect(process_time).toBeGreaterThan(0);
    });
  });

  it('reorgs: has each reorganisation, as getchaintips tells of it', async () => {
    expect(await view.rows('SELECT depth, old_tip, new_tip, fork_height FROM reorgs ORDER BY time')).toEqual(
      view.record.reorgs,
    );
    expect(view.record.reorgs.map(({ depth }) => depth)).toEqual([1, 2, 6]);
  });

  it('chain_tips: ends with the branches that btcd tells of, beside those of the script', async () => {
    const tips =
      await view.stage.line.first.rpc<
        readonly { height: number; hash: string; branchlen: number; status: string }[]
      >('getchaintips');
    // The active tip comes first, the others behind it.
    const found = await view.rows(
      `SELECT height, sha AS hash, branch_length AS branchlen, status FROM chain_tips
       WHERE time >= (SELECT max(time) FROM chain_tips WHERE status = 'active')`,
    );
    // The script's last block has the best chain of the listener, and no btcd has it.
    const forged = new Set(view.record.judged.filter((judged) => judged.forged).map(({ sha }) => sha));
    const best = tips.find(({ status }) => status === 'active')?.hash;
    const known = found.filter(({ hash }) => !forged.has(String(hash)));
    expect(known.map(({ hash }) => hash)).toContain(best);
    expect(sorted(known.filter(({ hash }) => hash !== best))).toEqual(
      sorted(tips.filter(({ hash }) => hash !== best).map((tip) => ({ ...tip }))),
    );
    expect(tips.length).toBeGreaterThan(3);
  });
}
