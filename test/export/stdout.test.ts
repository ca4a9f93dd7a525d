import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ChildScript, childScript } from '../support/child';
import { parseLine } from '../support/parse-line';
import { until } from '../support/until';

describe('stdout', () => {
  let script: ChildScript;
  beforeAll(() => (script = childScript('support/stdout-child.ts')));
  afterAll(() => script.remove());

  const run = (...args: string[]) => {
    const child = spawn(process.execPath, [script.file, ...args], {
      env: script.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    return { child, log: () => log, exited: once(child, 'close') as Promise<[number | null]> };
  };

  it('has one line for each point, and nothing else', async () => {
    const { child, log, exited } = run('20000');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    expect((await exited)[0]).toBe(0);
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    expect(new Set(lines.map((line) => parseLine(line).time)).size).toBe(20_000);
    expect(log()).toBe('ended {"sent":20000,"acked":0,"dropped":0,"queued":0,"retried":0}\n');
  });

  it('ends the export without an error when its reader closes it', async () => {
    const { child, log, exited } = run();
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect((await exited)[0]).toBe(0);
    expect(log()).toContain('stdout: the reader has gone\n');
    expect(log()).toMatch(/ended \{"sent":\d+,"acked":0,"dropped":\d+,"queued":0,"retried":0\}\n$/);
  });

  it('fills the queue when its reader does not read, and the program goes on', async () => {
    const { child, log, exited } = run();
    await until('the program to go on', () => log().includes('going on'));
    expect(log()).toMatch(/"dropped":[1-9]\d*,"queued":100000/);
    child.stdout.destroy();
    expect((await exited)[0]).toBe(0);
  });
});
