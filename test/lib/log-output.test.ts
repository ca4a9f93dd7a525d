import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LogOutput } from '../../src/lib/log-output';
import { until } from '../support/until';

const line = `${'x'.repeat(999)}\n`;
const note = (lost: number): string => `lost ${lost}\n`;
const nobody = (): undefined => undefined;

describe('a log', () => {
  it('into a pipe that is not read takes little memory, and tells how much it lost once the pipe is read again', async () => {
    const reader = spawn('cat', [], { stdio: ['pipe', 'pipe', 'ignore'] });
    let read = '';
    reader.stdout.setEncoding('utf8').on('data', (text: string) => (read += text));
    reader.kill('SIGSTOP');
    const output = new LogOutput(reader.stdin, note);
    for (let i = 0; i < 10_000; i++) output.write(line);
    expect(reader.stdin.writableLength).toBeLessThan(1_100_000);
    const lost = output.dropped;
    expect(lost).toBeGreaterThan(8_000);
    reader.kill('SIGCONT');
    await until('the reader to have read', () => reader.stdin.writableLength === 0);
    output.write('again\n');
    await until('the line', () => read.endsWith('again\n'));
    expect(read).toBe(`${line.repeat(10_000 - lost)}lost ${lost}\nagain\n`);
    expect(output.dropped).toBe(lost);
    reader.stdin.end();
    await once(reader, 'exit');
  });

  it('into a pipe whose reader has gone is dropped and counted', async () => {
    const reader = spawn('true', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(reader, 'exit');
    const output = new LogOutput(reader.stdin, note);
    output.write(line);
    await until('the loss', () => {
      output.write(line);
      return output.dropped > 2;
    });
  });

  it('onto a full disk is dropped and counted', () => {
    const fd = openSync('/dev/full', 'w');
    const output = new LogOutput({ fd, on: nobody, write: nobody }, note);
    for (let i = 0; i < 3; i++) output.write('one\ntwo\n');
    expect(output.dropped).toBe(6);
    closeSync(fd);
  });

  it('into a file is written at once, and goes on after a failure', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-log-'));
    const file = path.join(folder, 'log');
    const full = openSync('/dev/full', 'w');
    const fd = openSync(file, 'w');
    closeSync(fd);
    // The descriptor is that of a full device first, then that of a file, like a disk that has room again.
    const stream = { fd: full, on: nobody, write: nobody };
    const output = new LogOutput(stream, note);
    output.write(line);
    closeSync(full);
    expect(openSync(file, 'w')).toBe(full);
    output.write('again\n');
    expect(readFileSync(file, 'utf8')).toBe('lost 1\nagain\n');
    closeSync(full);
    rmSync(folder, { recursive: true });
  });
});
