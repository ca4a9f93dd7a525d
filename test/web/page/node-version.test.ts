import { nodeVersion } from '../../../src/web/page/node-version';

const core = { time: 0, headers: 900_000, progress: 1 };
const btcd = { time: 0, headers: 900_000, progress: null };

it('names the program and its version as their authors write it', () => {
  expect(nodeVersion({ ...btcd, version: 260_000 })).toBe('btcd 0.26.0');
  expect(nodeVersion({ ...btcd, version: 240_200 })).toBe('btcd 0.24.2');
  expect(nodeVersion({ ...core, version: 310_000 })).toBe('Core 31.0');
  expect(nodeVersion({ ...core, version: 220_000 })).toBe('Core 22.0');
  expect(nodeVersion({ ...core, version: 270_102 })).toBe('Core 27.1.2');
  expect(nodeVersion({ ...core, version: 210_100 })).toBe('Core 0.21.1');
});

it('is the number itself until the chain tells which program it is', () => {
  expect(nodeVersion({ time: 0, headers: null, progress: null, version: 310_000 })).toBe('310000');
  expect(nodeVersion({ time: 0, headers: null, progress: null, version: null })).toBeNull();
  expect(nodeVersion(undefined)).toBeNull();
});
