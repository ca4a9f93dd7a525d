import { btcdmon } from '../../src/metrics/collectors/btcdmon';

it('when no more files may be open, the account only lacks the resident memory', () => {
  const emitted: (readonly [string, object])[] = [];
  // Node reads it from /proc through libuv: EMFILE is thrown as an exception.
  const rss = jest.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
    throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
  });
  try {
    const { interval, account } = btcdmon({
      emit: (series: string, fields: object) => void emitted.push([series, fields]),
      emitted: () => 7,
      exporters: () => [],
      mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
      collected: undefined,
    } as unknown as Parameters<typeof btcdmon>[0]);
    interval?.();
    account?.();
  } finally {
    rss.mockRestore();
  }
  expect(emitted.length).toBeGreaterThan(1);
  expect(emitted[0]?.[1]).toMatchObject({ rss: undefined });
  expect(emitted[0]?.[1]).toHaveProperty('cpu');
});
