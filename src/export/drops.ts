import type { Clock } from '../lib/clock';
import { Tally, type Warn } from './tally';

export type { Warn } from './tally';

/** Why points are dropped. */
export type DropCause = 'full' | 'inbound' | 'spool full' | 'damaged' | 'unwritable' | 'unsent';

const CAUSES: Readonly<Record<DropCause, string>> = {
  full: 'because the queue was full',
  inbound: 'of inbound peers, because the rest of the queue is kept for others',
  'spool full': 'because the spool on disk was full (--spool-size)',
  damaged: 'whose bytes in the spool are damaged',
  unwritable: 'that can never be written',
  unsent: 'that could not be delivered before the end',
};

/** Counts dropped points, and warns once a minute at most. */
export class Drops extends Tally<DropCause> {
  constructor(modules: { readonly warn: Warn; readonly clock: Clock }) {
    super('points dropped', CAUSES, modules);
  }
}
