import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

it('a program whose end takes too long says so before it is killed', async () => {
  const child = spawn(process.execPath, ['-r', 'tsx/cjs', path.join(__dirname, 'stuck-child.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
  expect(JSON.parse(stderr)).toMatchObject({ level: 'error', message: 'killed' });
}, 60_000);
