import { threadTimes } from './thread-times';

/**
 * How long this thread was ready to run so far and waited for a processor, in milliseconds: other programs
 * had it meanwhile. It is 0 where the system does not tell.
 */
export function waitedMs(): number {
  try {
    return threadTimes('thread-self').waited;
  } catch {
    return 0;
  }
}
