import { SystemClock } from '../../src/lib/clock';
import { GRID_NS } from '../../src/lib/point-times';
import { Emitter } from '../../src/metrics/emitter';

/** A clock whose readings are a microsecond apart, and what is emitted by it. */
function setUp() {
  let wallNs = 1_700_000_000_000_000_000n;
  let monotonicNs = 0n;
  const clock = new SystemClock({
    wallMs: () => Number((wallNs += 1_000n) / 1_000_000n),
    monotonicNs: () => (monotonicNs += 1_000n),
  });
  const times: bigint[] = [];
  const sink = { push: ({ time }: { readonly time: bigint }) => void times.push(time) };
  const emitter = new Emitter({ node: 'n' }, { clock, sink });
  const emit = (count: number): void => {
    for (let i = 0; i < count; i++) emitter.emit('ping', { rtt: i });
  };
  const steps = (): bigint[] => times.slice(1).map((time, at) => time - (times[at] ?? 0n));
  return { emit, emitter, times, steps, setBack: () => (wallNs -= 3_600_000_000_000n) };
}

it('gives points that belong together times without a gap, and none of them twice', () => {
  const { emit, emitter, times, steps } = setUp();
  emit(1);
  emitter.together(() => emit(2_000));
  emitter.together(() => emit(3));
  emit(2);
  const gaps = steps().map((step, at) => [at, step] as const);
  expect(gaps.filter(([, step]) => step !== GRID_NS).map(([at]) => at)).toEqual([0, 2_000, 2_003, 2_004]);
  expect(gaps.filter(([, step]) => step < GRID_NS)).toEqual([]);
  expect(new Set(times).size).toBe(times.length);
});

it('follows a clock that is set back meanwhile, and forgets the list where one fails', () => {
  const { emit, emitter, times, setBack } = setUp();
  emitter.together(() => {
    emit(5);
    setBack();
    emit(5);
  });
  expect(new Set(times).size).toBe(10);
  expect((times[4] ?? 0n) - (times[5] ?? 0n)).toBeGreaterThan(3_599_000_000_000n);
  expect(() =>
    emitter.together(() => {
      throw new Error('x');
    }),
  ).toThrow('x');
  times.length = 0;
  emit(2);
  expect((times[1] ?? 0n) - (times[0] ?? 0n)).toBeGreaterThan(GRID_NS);
});
