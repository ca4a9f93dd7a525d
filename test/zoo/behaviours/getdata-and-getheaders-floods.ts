import type { Behaviour } from '../behaviour';
import { getHeaders, inventory, randomHashes } from '../bytes';
import { frame } from '../cage';

export const getdataAndGetheadersFloods: Behaviour = {
  name: 'getdata-and-getheaders-floods',
  does: 'Two peers send getdata and getheaders as fast as they can.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const [data, heads] = await Promise.all([cage.join(), cage.join()]);
    await Promise.all([
      cage.flood(data.socket, () => frame('getdata', inventory(1, randomHashes(10)))),
      cage.flood(heads.socket, () => frame('getheaders', getHeaders())),
    ]);
  },
};
