import { HeaderChain } from '../../src/chain/header-chain';
import { HeaderStore } from '../../src/chain/header-store';
import { messageOf } from '../../src/lib/errors';
import { mineHeaders, NOW, REGTEST } from './mine';

/**
 * Writes headers into a folder until the file may not grow, then continues once that limit is lifted. Reports
 * what happened.
 */
function main(directory: string): void {
  const store = HeaderStore.open(directory, 'regtest', REGTEST.genesis);
  const chain = new HeaderChain(REGTEST, { unixTime: () => NOW });
  for (const header of mineHeaders(REGTEST.genesis, 20)) {
    chain.add(header);
    store.append(header);
    try {
      store.flush();
    } catch (error) {
      console.log(messageOf(error));
    }
  }
  store.close();
}

main(process.argv[2] ?? '');
