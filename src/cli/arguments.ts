import type { InferredOptionTypes } from 'yargs';
import type { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from './options';
import type { TAP_OPTIONS } from './watch-options';

/** The listener's options as yargs parses them. */
export type ListenArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof LISTEN_OPTIONS>;

/** The collector's options as yargs parses them. */
export type CollectArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof COLLECT_OPTIONS>;

/** The options of `tap` as yargs parses them. */
export type TapArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof TAP_OPTIONS>;
