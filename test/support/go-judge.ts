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

/** What the miner of a block chose, and the signature operations of its transactions. */
export interface MinerFacts {
  readonly version: number;
  /** With 8 digits behind the point. */
  readonly difficulty: string;
  readonly coinbaseText: string;
  readonly deployments: readonly number[];
  /** Of each transaction, in its own scripts. */
  readonly legacySigops: readonly number[];
  /** Cost of each input of each transaction; -1 where the output that it spends is not in the block. */
  readonly inputCosts: readonly (readonly number[])[];
}

/** The same, from btcd's packages. */
export function btcdMiner(judge: string, file: string): MinerFacts {
  const json = execFileSync(judge, ['miner', file], { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES });
  return JSON.parse(json) as MinerFacts;
}

/** The facts of a block from btcd's packages. */
export function btcdFacts(judge: string, { network }: SharedBlock, file: string): BlockFacts {
  const json = execFileSync(judge, ['facts', network, file], {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return JSON.parse(json) as BlockFacts;
}
