import { QuestionMemory } from '../../src/query/question-memory';
import type { Store } from '../../src/store/store';
import { until } from '../support/until';

const NEVER_MS = 1_000_000;

/** A store that counts how often it lends memory, and how often it gets it back. */
class Lender {
  lent = 0;
  back = 0;
  takeBack = (): Promise<void> => {
    this.back++;
    return Promise.resolve();
  };

  readonly store = {
    lendMemory: () => {
      this.lent++;
      return Promise.resolve(() => this.takeBack());
    },
  } as unknown as Store;
}

async function ask(memory: QuestionMemory): Promise<void> {
  const giveBack = await memory.borrow();
  giveBack();
}

it('stays lent between questions that follow each other', async () => {
  const lender = new Lender();
  const memory = new QuestionMemory(lender, { keepMs: NEVER_MS });
  for (let i = 0; i < 5; i++) await ask(memory);
  expect([lender.lent, lender.back]).toEqual([1, 0]);
});

it('is given back after a while without a question, and lent again', async () => {
  const lender = new Lender();
  const memory = new QuestionMemory(lender, { keepMs: 10 });
  const giveBack = await memory.borrow();
  await ask(memory);
  giveBack();
  await until('the memory to be back', () => lender.back === 1);
  await ask(memory);
  expect(lender.lent).toBe(2);
});

it('is given back now and then, also where questions never rest; no answer waits for that', async () => {
  const lender = new Lender();
  lender.takeBack = () => {
    lender.back++;
    return new Promise<void>(() => undefined);
  };
  const memory = new QuestionMemory(lender, { keepMs: NEVER_MS, mostMs: 0 });
  const giveBack = await memory.borrow();
  await ask(memory);
  expect(lender.back).toBe(0);
  giveBack();
  await until('the memory to be back', () => lender.back === 1);
  await ask(memory);
  expect(lender.lent).toBe(2);
});

it('is that of the store that is open at the moment', async () => {
  const lenders = [new Lender(), new Lender()] as const;
  const holder = { store: lenders[0].store };
  const memory = new QuestionMemory(holder, { keepMs: NEVER_MS });
  await ask(memory);
  holder.store = lenders[1].store;
  await ask(memory);
  expect(lenders.map(({ lent }) => lent)).toEqual([1, 1]);
  await until('the memory to be back', () => lenders[0].back === 1);
});

it('that a closed store refuses fails the question, and is asked for again', async () => {
  const lender = new Lender();
  const broken = { lendMemory: () => Promise.reject(new Error('is closed')) } as unknown as Store;
  const holder = { store: broken };
  const memory = new QuestionMemory(holder, { keepMs: NEVER_MS });
  await expect(memory.borrow()).rejects.toThrow('is closed');
  await expect(memory.borrow()).rejects.toThrow('is closed');
  holder.store = lender.store;
  await ask(memory);
  expect(lender.lent).toBe(1);
});
