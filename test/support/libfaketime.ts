import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { requirement } from './requires';

/** The variant for programs with threads. */
const LIBRARY = 'libfaketimeMT.so.1';

/** The folders of libraries of Debian (by architecture) and of other systems. */
function folders(): string[] {
  const multiarch = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').filter((name) => name.includes('-'))
    : [];
  return [...multiarch.map((name) => `/usr/lib/${name}`), '/usr/lib64', '/usr/lib', '/usr/local/lib'];
}

/** Declares that a test needs libfaketime, which sets the clock that one program sees. */
export const libfaketime = requirement(
  'libfaketime',
  () =>
    folders()
      .map((folder) => path.join(folder, 'faketime', LIBRARY))
      .find((file) => existsSync(file)) ?? null,
  'install libfaketime (Debian: apt-get install libfaketime)',
);

/** The wall clock of a running program, which a test sets. Its monotonic clock is the system's. */
export class FakeWallClock {
  private offset: number;

  /** @param file from which the library reads the offset of the clock in seconds; it is written here */
  constructor(
    private readonly library: string,
    private readonly file: string,
    offsetSeconds = 0,
  ) {
    this.offset = offsetSeconds;
    this.set(offsetSeconds);
  }

  /** The variables that the program's environment must have. */
  get env(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // The times of files are not changed.
      NO_FAKE_STAT: '1',
    };
  }

  /** Unix milliseconds as the program sees them. */
  get nowMs(): number {
    return Date.now() + this.offset * 1_000;
  }

  /**
   * Sets the clock to an offset in seconds from the system's. The program never reads a half-written file.
   */
  set(offsetSeconds: number): void {
    const next = `${this.file}.new`;
    writeFileSync(next, `${offsetSeconds < 0 ? '-' : '+'}${Math.abs(offsetSeconds)}`);
    renameSync(next, this.file);
    this.offset = offsetSeconds;
  }
}
