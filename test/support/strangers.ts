import { fork } from 'node:child_process';
import { childScript } from './child';
import type { StrangerNews, StrangerOrder } from './stranger-child';

/** Strangers in a process of their own, who do what the test says. */
export interface Strangers {
  /** Whether all of them have written all messages or were disconnected. */
  isDone(): boolean;
  /** The addresses of those that were disconnected. */
  ended(): readonly string[];
  stop(): void;
}

/** Starts strangers that flood. */
export function startStrangers(order: StrangerOrder): Strangers {
  const script = childScript('support/stranger-child.ts');
  const child = fork(script.file, { env: script.env });
  let isDone = false;
  const ended: string[] = [];
  child.on('message', (news: StrangerNews) => {
    if (news.event === 'written') isDone = true;
    else ended.push(news.from);
  });
  child.send(order);
  return {
    isDone: () => isDone,
    ended: () => ended,
    stop: () => {
      child.kill('SIGKILL');
      script.remove();
    },
  };
}
