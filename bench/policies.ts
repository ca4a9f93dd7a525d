// Measures what it costs to tell on which transactions relay policies differ, in nanoseconds of a transaction
// and as a share of parsing and hashing it: the measures (`why` needs them as well), and the rules of four
// policies.
import { policyDifference } from '#dist/policy/difference';
import { measuresOf } from '#dist/policy/measures';
import { type Transaction, parseTransaction } from '#dist/wire/transaction';
import { medianMs } from './support/median';
import { makeTransaction } from './support/transactions';

const COUNT = 20_000;
const RUNS = 40;

const transactions = Array.from({ length: COUNT }, () => makeTransaction([]));
const measures = transactions.map((transaction) => measuresOf(transaction, {}));
const ids = (list: readonly Transaction[]): void => {
  for (const { wireTxid, wireWtxid } of list) if (wireTxid === wireWtxid) throw new Error('no witness');
};
/** The fee at so many sat/vB. */
const feeAt = (rate: number, { vsize }: { readonly vsize: number }): number => Math.ceil(vsize * rate);

let found = 0;
const parsed = medianMs(RUNS, () => ids(transactions.map(({ bytes }) => parseTransaction(bytes))));
const measured = medianMs(RUNS, () => {
  for (const transaction of transactions) found += measuresOf(transaction, {}).version;
});
const alike = medianMs(RUNS, () => {
  for (const own of measures) if (policyDifference(own, feeAt(2, own)) !== null) found += 1;
});
const different = medianMs(RUNS, () => {
  for (const own of measures) if (policyDifference(own, feeAt(0.5, own)) === null) found += 1;
});
const ns = (ms: number): string => `${((ms / COUNT) * 1e6).toFixed(0)} ns`;
const share = (ms: number): string => `${((100 * ms) / parsed).toFixed(1)} %`;
console.log(
  `a transaction: parsing and hashing ${ns(parsed)}; measures ${ns(measured)} (${share(measured)}), ` +
    `the policies where they agree ${ns(alike)} (${share(alike)}), ` +
    `where they differ ${ns(different)} (${share(different)})${found < 0 ? '!' : ''}`,
);
