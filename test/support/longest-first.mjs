import path from 'node:path';
import Sequencer from '@jest/test-sequencer';

/** The folder whose tests run real servers, and mostly wait for them. */
const LONG = `${path.sep}interop${path.sep}`;

/**
 * Starts the tests of `test/interop` first, so that no long one begins last and runs alone. Within both
 * parts the order is jest's: the longest first, as far as jest has seen them run, else the largest file.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isLong = (test) => test.path.includes(LONG);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
