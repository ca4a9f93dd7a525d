import { chainNote } from '../../../src/web/page/chain-note';

const status = (height: number, headers: number | null, isLoading = false, progress = 0.5) => ({
  ...{ time: 0, height, headers },
  ...{ is_initial_download: isLoading, progress },
});

it('says what a watched node loads, and how much of it is there', () => {
  expect(chainNote(status(600, 1_200, true))).toBe('loads the chain, 50\u00a0%');
  expect(chainNote(status(600, 1_200))).toBe('of 1\u202f200 headers');
  expect(chainNote(status(600, null, true))).toBe('loads the chain, 50\u00a0%');
  expect(chainNote(status(600, 600))).toBe('');
  expect(chainNote(undefined)).toBe('');
});

it('does not say that a node loads what nobody has', () => {
  // A Core on regtest: its best block is old, so it says that it loads the chain.
  expect(chainNote(status(0, 0, true, 1e-6))).toBe('only the genesis block');
  expect(chainNote(status(200, 200, true, 1))).toBe('');
  expect(chainNote({ time: 0, height: 0, headers: null })).toBe('only the genesis block');
});

it('says how many blocks a btcd lacks of those that half of its peers have', () => {
  const btcd = { time: 0, height: 600, headers: 600 };
  const peers = (...heights: (number | null)[]) => heights.map((height) => ({ height }));
  expect(chainNote(btcd, peers(1_200, 1_200, 1_201))).toBe('of 1\u202f200 that its peers have');
  expect(chainNote({ ...btcd, height: 0, headers: 0 }, peers(1_200))).toBe(
    'of 1\u202f200 that its peers have',
  );
  // A block is on its way; no peer tells its height; a few peers lie.
  expect(chainNote(btcd, peers(600, 602, 606))).toBe('');
  expect(chainNote(btcd, peers(null, null))).toBe('');
  expect(chainNote(btcd, peers(600, 600, 2_000_000_000, 2_000_000_000))).toBe('');
  // A Core knows better.
  expect(chainNote(status(600, 600, false, 1), peers(1_200, 1_200))).toBe('');
});
