import type { InferredOptionTypes } from 'yargs';
import type { CRAWL_LIST_OPTIONS, CRAWL_OPTIONS } from './crawl-options';
import type { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from './options';
import type { TAP_OPTIONS } from './watch-options';

/** The listener's options as yargs parses them. */
export type ListenArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof LISTEN_OPTIONS>;

/** The collector's options as yargs parses them. */
export type CollectArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof COLLECT_OPTIONS>;

/** The options of `tap` as yargs parses them. */
export type TapArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof TAP_OPTIONS>;

/** The crawler's options as yargs parses them, and what is to be shown instead of crawling. */
export type CrawlArguments = InferredOptionTypes<
  typeof GLOBAL_OPTIONS & typeof CRAWL_OPTIONS & typeof CRAWL_LIST_OPTIONS
> & {
  readonly action: string | undefined;
  readonly snapshot: string | undefined;
  readonly other: string | undefined;
};
