import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A small disk in memory. */
export interface Tmpfs {
  readonly folder: string;
  /** Changes its size, in bytes. */
  resize(bytes: number): void;
  remove(): void;
}

const mount = (...args: string[]): void =>
  void execFileSync('mount', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/**
 * Mounts one.
 * @throws Error where this process may not mount: that takes root and, in a container, CAP_SYS_ADMIN
 */
export function mountTmpfs(bytes: number): Tmpfs {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-tmpfs-'));
  try {
    mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'btcdmon-test', folder);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return {
    folder,
    resize: (size) => mount('-o', `remount,size=${size}`, folder),
    remove: () => {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Like jest's `describe`, for tests that mount a disk. Where that is not permitted, one test takes the place
 * of the block and says why. It does not fail, because no installation would change it.
 */
export function describeWithTmpfs(title: string, body: () => void): void {
  describe(title, () => {
    try {
      mountTmpfs(65_536).remove();
    } catch (error) {
      it('needs the permission to mount', () => {
        process.stderr.write(`not run: ${title}: ${String(error).split('\n')[0] ?? ''}\n`);
      });
      return;
    }
    body();
  });
}
