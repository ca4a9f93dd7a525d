import type { Collector, CollectorContext } from '../collector';
import { SERIES_NAMES, type SeriesName } from '../schema';

/** The series of an account. `btcdmon` comes last, since its own count includes the points before it. */
export const ACCOUNTED: readonly SeriesName[] = [
  ...SERIES_NAMES.filter((series) => series !== 'btcdmon'),
  'btcdmon',
];

/** What an account is made from. */
export interface AccountContext extends Pick<CollectorContext, 'emit' | 'emitted' | 'clockSteps'> {
  /** When the run of the emitter started, in Unix milliseconds. Default: when the account was made. */
  readonly startedMs?: number;
}

/**
 * `btcdmon`, per series: how many points an emitter has emitted, which a reader can compare with those that
 * arrived; and when the system's clock was set, which explains their times. Each node of the data has its own
 * account, even a watched one.
 */
export const seriesAccount = ({
  emit,
  emitted,
  clockSteps,
  startedMs: started = Date.now(),
}: AccountContext): Collector => {
  const shed = new Map<SeriesName, number>();
  const addShed = (series: SeriesName, points: number): void =>
    void shed.set(series, (shed.get(series) ?? 0) + points);
  let steps = 0;
  // It is emitted at once, as the first point after the step.
  clockSteps?.onStep(({ ms, isFollowed }) => {
    if (isFollowed) emit('btcdmon', { started, clock_step: ms, clock_steps: ++steps });
  });
  const account = (): void => {
    for (const series of ACCOUNTED)
      emit('btcdmon', { started, emitted: emitted(series), shed: shed.get(series) ?? 0 }, { series });
  };
  return {
    name: 'account',
    on: {
      transactionShed: ({ transaction: { inputs, outputs } }) => {
        addShed('tx', 1);
        addShed('tx_inputs', inputs.length);
        addShed('tx_outputs', outputs.length);
      },
    },
    // Counted before it is emitted: all points that a reader must find for it have an earlier time. A step of
    // the clock between the two would break that.
    account: () => {
      if (clockSteps === undefined) account();
      else clockSteps.withoutSteps(account);
    },
  };
};
