import { HeaderChain } from '../../src/chain/header-chain';
import { HeaderProgress } from '../../src/app/header-progress';
import { createLog } from '../../src/lib/log';
import { StatusLine } from '../../src/lib/status-line';
import type { NetworkName } from '../../src/wire/networks';
import { mineHeaders, NOW, REGTEST } from '../chain/mine';

const FIRST_TIME = REGTEST.genesis.readUInt32LE(68);

/** The progress that is shown. The headers are mined ten minutes apart, by the rules of regtest. */
function progressOn(isTTY: boolean, network: NetworkName = 'mainnet') {
  const written: string[] = [];
  const out = { isTTY, columns: 120, write: (text: string) => written.push(text.replaceAll('\r\x1b[K', '')) };
  const status = new StatusLine(out);
  const chain = new HeaderChain(REGTEST, { unixTime: () => NOW });
  const time = { ms: 0 };
  const progress = new HeaderProgress({
    chain,
    network,
    status,
    clock: { monotonicMs: () => time.ms },
    // The present time is that of a chain of 400 blocks.
    unixTime: () => FIRST_TIME + 400 * 600,
    log: createLog('info', status),
  });
  const shown = async (): Promise<string[]> => {
    await new Promise(setImmediate);
    return written.splice(0).filter((text) => text !== '');
  };
  return { chain, progress, shown, time };
}

const headers = mineHeaders(REGTEST.genesis, 400);

describe('the progress of headers', () => {
  it('is a bar on a terminal, and a line of the log when all are there', async () => {
    const { chain, progress, shown, time } = progressOn(true);
    for (const header of headers.slice(0, 100)) chain.add(header);
    progress.advanced(false);
    expect(await shown()).toEqual([`headers ${'█'.repeat(7)}${'░'.repeat(23)}  25 %  100 of about 400`]);
    // Not more often than a person can see.
    time.ms = 99;
    progress.advanced(false);
    expect(await shown()).toEqual([]);
    for (const header of headers.slice(100)) chain.add(header);
    time.ms = 100;
    progress.advanced(false);
    expect(await shown()).toEqual([`headers ${'█'.repeat(30)} 100 %  400 of about 400`]);
    progress.advanced(true);
    expect(await shown()).toEqual([expect.stringMatching(/info {2}headers height=400\n$/)]);
  });

  it.each(['regtest', 'simnet'] as const)(
    'promises no number on %s, where blocks do not come by time',
    async (network) => {
      const { chain, progress, shown } = progressOn(true, network);
      for (const header of headers) chain.add(header);
      progress.advanced(false);
      expect(await shown()).toEqual(['headers 400']);
    },
  );

  it('is a line now and then without a terminal', async () => {
    const { chain, progress, shown, time } = progressOn(false);
    const heights = async (): Promise<unknown[]> =>
      (await shown()).map((line) => (JSON.parse(line) as { height: unknown }).height);
    for (const [i, header] of headers.entries()) {
      chain.add(header);
      time.ms = i * 100;
      progress.advanced(false);
    }
    expect(await heights()).toEqual([1, 101, 201, 301]);
    progress.advanced(true);
    progress.advanced(true);
    expect(await heights()).toEqual([400]);
  });

  it('is shown while headers from disk are checked as well', async () => {
    const { progress, shown } = progressOn(true);
    progress.loaded(1_000_000, 4_000_000);
    expect(await shown()).toEqual([
      `headers from disk ${'█'.repeat(7)}${'░'.repeat(23)}  25 %  1,000,000 of 4,000,000`,
    ]);
  });
});
