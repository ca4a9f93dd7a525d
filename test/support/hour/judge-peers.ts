import { claimsOf, sorted } from './rows';
import { SCRIPTED_AGENT, SCRIPTED_HEIGHT } from './scripted-peer';
import { SCRIPTED } from './stage';
import type { View } from './view';

/** Compares peers, what they sent and how they ended with the recorders and the script. */
export function judgePeers(view: View): void {
  it('ping: has a round trip for each pong', async () => {
    const pongs = view.said('in', 'pong').length;
    expect(await view.rows('SELECT count(*) AS points, count(*) FILTER (rtt > 0) AS real FROM ping')).toEqual(
      [{ points: pongs, real: pongs }],
    );
    expect(pongs).toBeGreaterThan(0);
  });

  it('addr_relay: has what the peers told, by network', async () => {
    const networks = ['ipv4', 'ipv6', 'torv2', 'torv3', 'i2p', 'cjdns', 'yggdrasil', 'unknown'];
    // btcds send their own address to each new peer.
    const others = view
      .transcripts()
      .filter((_, i) => i < SCRIPTED)
      .flatMap((each) => each.in.filter(({ command }) => command === 'addr' || command === 'addrv2'));
    expect(others.map(({ payload }) => payload[0])).toEqual(others.map(() => 0));
    const told = [...view.record.addresses.values()].reduce((sum, count) => sum + count, 0);
    const sums = ['messages', 'entries', ...networks].map((each) => `sum("${each}")::INT AS "${each}"`);
    expect(await view.rows(`SELECT ${sums.join()} FROM addr_relay`)).toEqual([
      { messages: 2 + others.length, entries: told, ...Object.fromEntries(view.record.addresses) },
    ]);
  });

  it('rejects: has each violation and the end of each connection, by reason', async () => {
    const found = await view.rows(
      `SELECT reason, sum(violations)::INT AS violations, sum(disconnects)::INT AS disconnects
       FROM rejects WHERE reason != '' GROUP BY reason`,
    );
    const violations = found.filter((row) => row['violations'] !== 0);
    expect(Object.fromEntries(violations.map((row) => [row['reason'], row['violations']]))).toEqual(
      Object.fromEntries(view.record.violations),
    );
    const ends = found.filter((row) => row['disconnects'] !== 0);
    expect(Object.fromEntries(ends.map((row) => [row['reason'], row['disconnects']]))).toEqual({
      'duplicate-version': 1,
      'wrong-checksum': 1,
      'closed-by-peer': 1,
      stopped: 4,
    });
    const sum = (column: string): number => found.reduce((total, row) => total + Number(row[column]), 0);
    expect(
      await view.rows(
        'SELECT sum(total_violations)::INT AS violations, sum(total_disconnects)::INT AS disconnects FROM rejects',
      ),
    ).toEqual([{ violations: sum('violations'), disconnects: sum('disconnects') }]);
  });

  it('peers: has what each peer claimed at each handshake', async () => {
    const claimed = view
      .said('in', 'version')
      .filter(({ payload }) => payload.length > 80 && payload.readInt32LE(0) > 0)
      .map(claimsOf);
    expect(
      sorted(
        await view.rows(
          'SELECT version, services, start_height, relay, user_agent FROM peers WHERE version IS NOT NULL',
        ),
      ),
    ).toEqual(sorted(claimed));
    expect(claimed).toHaveLength(7);
    expect(claimed).toContainEqual(
      expect.objectContaining({ user_agent: SCRIPTED_AGENT, start_height: SCRIPTED_HEIGHT }),
    );
    expect(claimed).toContainEqual(
      expect.objectContaining({
        user_agent: expect.stringMatching(/btcd:0\.26/) as string,
        start_height: 110,
      }),
    );
  });

  it('peers: counts them', async () => {
    expect(
      await view.rows(
        `SELECT total_connected, outbound, inbound, spv, fullnode, num_banned FROM peers
         WHERE total_connected IS NOT NULL ORDER BY time DESC LIMIT 1 OFFSET 1`,
      ),
    ).toEqual([{ total_connected: 4, outbound: 4, inbound: 0, spv: 0, fullnode: 4, num_banned: 0 }]);
  });
}
