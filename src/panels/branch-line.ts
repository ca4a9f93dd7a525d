import { line } from './panel';

/** The longest branch beside the best chain, by its status. */
export const longestBranch = line('', 'chain_tips', 'max', 'branch_length', {
  by: ['status'],
  where: { status: { not: 'active' } },
});
