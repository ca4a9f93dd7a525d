import { homedir } from 'node:os';

/**
 * A path whose leading `~/` is the user's home. Shells expand it only at the begin of a word, so that it
 * arrives as it is in `duckdb:~/x`, in `--config=~/x`, in variables of service managers and in files.
 */
export function expandHome(file: string): string {
  return file === '~' ? homedir() : file.replace(/^~(?=\/)/, () => homedir());
}
