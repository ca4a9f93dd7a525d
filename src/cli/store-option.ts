/** The form of the URL of a store that can be read. */
const STORE_FORM = 'duckdb:PATH, parquet:DIR or influx+http(s)://[user@]host:8086/DATABASE';

/** The name of `--store` in earlier versions. */
const FORMER = ['from', 'url'] as const;

/** The option `--store` of commands that read a store. */
export const STORE = {
  type: 'string',
  requiresArg: true,
  alias: 'from',
  defaultDescription: 'that of --data-dir',
  describe: `Store to read: ${STORE_FORM}`,
} as const;

/** An error about `--store` with the former name of the option, where that was typed. */
export function withTypedName(message: string, args: readonly string[]): string {
  const isTyped = (name: string): boolean =>
    args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  const typed = isTyped('store') ? undefined : FORMER.find(isTyped);
  return typed === undefined ? message : message.replace(/^--store(?=[ :])/, `--${typed}`);
}
