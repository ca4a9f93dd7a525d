import { execFileSync } from 'node:child_process';
import { childScript } from '../support/child';

it('cached names take the memory of their own length, not of the chunks that they came in', () => {
  const script = childScript('collect/memory-child.ts');
  try {
    const told = execFileSync(process.execPath, ['--expose-gc', script.file, '3000'], { env: script.env });
    const { taken, bytes } = JSON.parse(String(told)) as { taken: number; bytes: number };
    process.stderr.write(`memory of 3,000 names: ${bytes} bytes\n`);
    expect(taken).toBe(3_000);
    // The chunks have 192 MB in total.
    expect(bytes).toBeLessThan(20_000_000);
  } finally {
    script.remove();
  }
});
