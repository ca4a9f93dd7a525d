import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** A program that some tests need. */
export interface Requirement {
  readonly name: string;
  /** Path of the program, or null where this machine lacks it. */
  readonly path: string | null;
  /**
   * Like jest's `describe`, with the path of the program. Where it is missing, one test takes the place of
   * the block. That test says what is missing and how to get it, and fails with CI=true, so that no build
   * passes because a server is missing.
   */
  describe(title: string, body: (program: string) => void): void;
}

/**
 * Declares what a test file needs. `find` returns the program's path or null. It runs once, when the file is
 * loaded. `remedy` says how to get the program.
 */
export function requirement(name: string, find: () => string | null, remedy: string): Requirement {
  const program = find();
  return {
    name,
    path: program,
    describe: (title, body) => {
      describe(title, () => {
        if (program !== null) {
          body(program);
          return;
        }
        it(`needs ${name}`, () => {
          const reason = `not run: ${title}: ${name} was not found; ${remedy}`;
          if (process.env['CI'] === 'true') throw new Error(reason);
          process.stderr.write(`${reason}\n`);
        });
      });
    },
  };
}

/** The first executable called `name` in PATH or in one of `folders`, or null. */
export function findProgram(name: string, folders: readonly string[] = []): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(path.delimiter), ...folders]) {
    const candidate = path.join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // It is not in this folder; the next one may have it.
    }
  }
  return null;
}
