import { YoungGarbage } from '../../src/lib/young-garbage';

describe('buffers that are needed no longer', () => {
  it('are collected whenever there are 4 MB of them', () => {
    let collections = 0;
    const garbage = new YoungGarbage(() => (collections += 1));
    for (let n = 0; n < 39; n++) garbage.released(100_000);
    expect(collections).toBe(0);
    for (let n = 39; n < 120; n++) garbage.released(100_000);
    expect(collections).toBe(3);
  });

  it('are few with V8’s own function `gc`', () => {
    const garbage = new YoungGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let n = 0; n < 1_000; n++) {
      Buffer.allocUnsafeSlow(65_536);
      garbage.released(65_536);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(most).toBeLessThan(30_000_000);
  });
});
