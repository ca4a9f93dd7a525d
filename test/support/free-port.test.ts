import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { childScript } from './child';
import { freePort } from './free-port';

const linux = process.platform === 'linux' ? it : it.skip;

/** How many ports each process takes. Four times as many of 12,000 would have 60 twice by chance. */
const PORTS = 300;

linux('gives each port once, whichever process asks', async () => {
  const script = childScript('support/free-port-child.ts');
  const children = [0, 1, 2].map(() =>
    spawn(process.execPath, [script.file, String(PORTS)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: script.env,
    }),
  );
  try {
    const outputs = children.map((child) => once(child.stdout.setEncoding('utf8'), 'data'));
    const ports: number[] = [];
    for (let asked = 0; asked < PORTS; asked++) ports.push(await freePort());
    for (const output of outputs)
      ports.push(
        ...String((await output)[0])
          .split(' ')
          .map(Number),
      );
    expect(ports).toHaveLength(4 * PORTS);
    expect(new Set(ports).size).toBe(4 * PORTS);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    script.remove();
  }
});

it('gives a port on which a server can listen, by every address', async () => {
  const server = createServer().listen(await freePort(), '0.0.0.0');
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
});
