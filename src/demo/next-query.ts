import path from 'node:path';

/** How this process was called. */
export interface Invocation {
  /** Path of the executable script, as `process.argv[1]` has it. */
  readonly script: string;
  /** The folder that the user's shell is in. */
  readonly folder: string;
  /** The variable PATH. */
  readonly path: string;
}

/** The call of this process. npm runs scripts in the package's folder and keeps the user's in INIT_CWD. */
export function invocationOf({ argv, env, cwd }: Pick<NodeJS.Process, 'argv' | 'env' | 'cwd'>): Invocation {
  return { script: argv[1] ?? '', folder: env['INIT_CWD'] ?? cwd(), path: env['PATH'] ?? '' };
}

/** The command line that asks the store at `file` how many outputs of each type there were, ready to be pasted into a shell. */
export function nextQuery(invocation: Invocation, file: string): string {
  return `${program(invocation)} query tx_outputs --agg count --by script_type --from ${shellWord(`duckdb:${file}`)}`;
}

/** How somebody who called this process calls it again: by name where it is installed, else by its path. */
function program({ script, folder, path: searched }: Invocation): string {
  const home = path.dirname(script);
  if (home.endsWith(path.join('node_modules', '.bin'))) return 'npx btcdmon-node';
  if (searched.split(path.delimiter).includes(home)) return path.basename(script);
  const relative = path.relative(folder, script);
  return `node ${shellWord(relative.startsWith('..') ? script : relative)}`;
}

/** A word for a POSIX shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
