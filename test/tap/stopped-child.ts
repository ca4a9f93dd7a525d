// A program with a tap, for a test that stops it. Each line on stdin is answered by what the tap told so far.
import { createInterface } from 'node:readline';
import { startTap } from '../support/tap';

async function main(): Promise<void> {
  const it = await startTap({ targets: [Number(process.argv[2])], network: 'mainnet' });
  const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  say({ port: it.ports[0], pid: it.process.pid });
  createInterface({ input: process.stdin }).on('line', () => {
    const { missed, refused, tapped, warnings } = it;
    say({
      missed,
      warnings,
      refused: Object.fromEntries(refused),
      tapped: tapped.map(({ connection: { id }, in: to, out, reason }) => ({
        id,
        reason,
        in: { ...to, messages: Object.fromEntries(to.messages) },
        out: { ...out, messages: Object.fromEntries(out.messages) },
      })),
    });
  });
}

void main();
