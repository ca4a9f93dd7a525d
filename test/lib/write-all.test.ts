import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeAll } from '../../src/lib/write-all';
import { Cleanup } from '../support/cleanup';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A file whose system takes three bytes at a time, and the path of it. */
async function slowFile(): Promise<{ readonly file: string; readonly handle: FileHandle }> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-write-all-')), (it) =>
    rm(it, { recursive: true }),
  );
  const file = path.join(folder, 'file');
  const handle = cleanup.add(await open(file, 'w+'), (it) => it.close());
  const write = handle.write.bind(handle) as (
    bytes: Buffer,
    from: number,
    length: number,
    position: number | null,
  ) => Promise<{ bytesWritten: number; buffer: Buffer }>;
  jest
    .spyOn(handle, 'write')
    .mockImplementation(((bytes: Buffer, from: number, length: number, position: number | null) =>
      write(bytes, from, Math.min(length, 3), position)) as never);
  return { file, handle };
}

it('writes what the system took a part of', async () => {
  const { file, handle } = await slowFile();
  await writeAll(handle, Buffer.from('first, '));
  await writeAll(handle, Buffer.from('second'));
  expect(await readFile(file, 'utf8')).toBe('first, second');
  await writeAll(handle, Buffer.from('SECOND'), 7);
  expect(await readFile(file, 'utf8')).toBe('first, SECOND');
});

it('throws what the system says where it takes no more', async () => {
  const { handle } = await slowFile();
  jest.spyOn(handle, 'write').mockRejectedValueOnce(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  await expect(writeAll(handle, Buffer.from('bytes'))).rejects.toMatchObject({ code: 'ENOSPC' });
});
