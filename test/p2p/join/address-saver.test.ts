import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { HeaderStore } from '../../../src/chain/header-store';
import { AddressFile } from '../../../src/p2p/join/address-file';
import { AddressSaver } from '../../../src/p2p/join/address-saver';
import { Spool } from '../../../src/export/spool/spool';
import { diskProblem } from '../../../src/lib/disk-errors';
import { mineHeaders, REGTEST } from '../../chain/mine';
import { describeWithTmpfs, mountTmpfs } from '../../support/tmpfs';

describeWithTmpfs('a disk that is full', () => {
  it('is reported once a minute with the remedy, and everything is written once there is room', async () => {
    const disk = mountTmpfs(65_536);
    try {
      const headers = HeaderStore.open(disk.folder, 'regtest', REGTEST.genesis);
      const spool = await Spool.open(path.join(disk.folder, 'spool'), { maxBytes: 1_000_000 });
      const file = new AddressFile(disk.folder, 'regtest');
      const times = { unixTime: () => 1_800_000_000, monotonicMs: () => 0 };
      const { addrman, bans } = await file.load(times, String);
      writeFileSync(path.join(disk.folder, 'filler'), '');
      expect(() => writeFileSync(path.join(disk.folder, 'filler'), Buffer.alloc(100_000))).toThrow('ENOSPC');

      const warnings: string[] = [];
      let nowMs = 0;
      const saver = new AddressSaver({
        ...{ addrman, bans, file, monotonicMs: () => nowMs },
        warn: (reason) => warnings.push(reason),
      });
      for (; nowMs < 120_000; nowMs += 1_000) await saver.save();
      expect(warnings).toEqual(
        Array.from(
          { length: 2 },
          () => expect.stringMatching(/ENOSPC[^\n]*; the disk is full: make room on it$/) as string,
        ),
      );
      for (const header of mineHeaders(REGTEST.genesis, 100)) headers.append(header);
      expect(() => headers.flush()).toThrow('; the disk is full: make room on it');
      await expect(spool.append(Buffer.alloc(50_000, 'x'), 1)).rejects.toThrow('ENOSPC');

      disk.resize(1_000_000);
      await saver.save();
      headers.flush();
      await spool.append(Buffer.alloc(50_000, 'x'), 1);
      expect(warnings).toHaveLength(2);
      headers.close();
      await spool.close();
    } finally {
      disk.remove();
    }
  });
});

it.each([
  ['EIO', 'look at the log of the system'],
  ['EACCES', 'give the user of btcdmon-node the right'],
  ['ENOSPC', 'make room'],
])('%s comes with its remedy', (code, remedy) => {
  expect(diskProblem(Object.assign(new Error(`${code}: x`), { code }))).toContain(remedy);
});

it('an error of DuckDB about the disk comes with its remedy, in one line', () => {
  const said = 'IO Error: Could not write file "x": No space left on device\nStack Trace:';
  expect(diskProblem(new Error(said))).toBe(
    'IO Error: Could not write file "x": No space left on device; the disk is full: make room on it',
  );
});
