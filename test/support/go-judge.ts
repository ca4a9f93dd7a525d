import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { BlockFacts, SharedBlock } from './block-facts';
import { findProgram, requirement } from './requires';

const SOURCE = path.join(__dirname, 'go-judge');

/** A block of two megabytes becomes this much JSON at most. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Declares that a test file needs Go, which compiles the judge. */
export const go = requirement(
  'Go',
  () => findProgram('go', ['/usr/local/go/bin']),
  'install Go 1.25 or newer',
);

/**
 * Compiles the judge, a small program on btcd's own packages, into a folder and returns its path. The first
 * time Go fetches and compiles those packages, whose hashes go.sum pins: half a minute.
 */
export function buildJudge(goProgram: string, folder: string): string {
  const judge = path.join(folder, 'go-judge');
  execFileSync(goProgram, ['build', '-buildvcs=false', '-o', judge, '.'], {
    cwd: SOURCE,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return judge;
}

/** The facts of a block from btcd's packages. */
export function btcdFacts(judge: string, { network }: SharedBlock, file: string): BlockFacts {
  const json = execFileSync(judge, ['facts', network, file], {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return JSON.parse(json) as BlockFacts;
}
