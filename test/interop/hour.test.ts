import { btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { judgeAccount } from '../support/hour/judge-account';
import { judgeChain } from '../support/hour/judge-chain';
import { judgePeers } from '../support/hour/judge-peers';
import { judgeRecording } from '../support/hour/judge-recording';
import { judgeTraffic } from '../support/hour/judge-traffic';
import { judgeTransactions } from '../support/hour/judge-transactions';
import { judgeWhy } from '../support/hour/judge-why';
import { type StoryResult, play } from '../support/hour/story';
import { View } from '../support/hour/view';
import { POLICY_NAMES } from '../../src/policy/standardness';

/** Two minutes of waiting, mostly, on a machine that does nothing else. */
const PATIENCE_MS = 1_800_000;

btcd.describe('an hour of regtest in minutes: three btcds in a line and a scripted peer', (btcdProgram) => {
  const cleanup = new Cleanup();
  let story: StoryResult | undefined;
  const played = (): StoryResult => {
    if (story === undefined) throw new Error('the story was not played to its end');
    return story;
  };

  beforeAll(async () => {
    story = await play(btcdProgram, cleanup);
  }, PATIENCE_MS);

  afterAll(() => cleanup.run());

  it('has the bandwidth that the btcds have counted', () => {
    const { listeners, btcds } = played().bandwidth;
    expect(listeners).toEqual(btcds);
  });

  describe.each(POLICY_NAMES)('the listener with --policy %s', (policy) => {
    const view = new View(policy, played);
    judgeAccount(view);
    judgeTraffic(view);
    judgeChain(view);
    judgeTransactions(view);
    judgePeers(view);
    judgeRecording(view);
    judgeWhy(view);
  });
});
