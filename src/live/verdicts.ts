import type { Facts } from './facts';
import { feesAnswer } from './fees-verdict';
import { monitorAnswer } from './monitor-verdict';
import { peersAnswer } from './peers-verdict';
import { stepAnswer } from './step-verdict';
import type { Verdict } from './verdict';

/** The answers to all questions, in the order in which they are shown. */
export function verdictsOf(facts: Facts): readonly Verdict[] {
  return [
    { question: 'step', ...stepAnswer(facts) },
    { question: 'peers', ...peersAnswer(facts) },
    { question: 'fees', ...feesAnswer(facts) },
    { question: 'monitor', ...monitorAnswer(facts) },
  ];
}
