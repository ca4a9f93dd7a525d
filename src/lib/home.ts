import { homedir } from 'node:os';

/**
 * A path whose leading `~/` is the user's home. Shells expand it only at the beginning of a word. So it comes
 * unexpanded in `duckdb:~/x`, in `--config=~/x`, in variables of service managers and in files.
 */
export function expandHome(file: string): string {
  return file === '~' ? homedir() : file.replace(/^~(?=\/)/, () => homedir());
}
