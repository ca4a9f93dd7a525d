import { fork } from 'node:child_process';
import { childScript } from './child';
import type { StrangerNews, StrangerOrder } from './stranger-child';

/** Strangers in a process of their own, who do what they are told. */
export interface Strangers {
  /** Whether all of them have written what they had to, or were ended. */
  isDone(): boolean;
  /** Addresses of those whose connection has ended. */
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
