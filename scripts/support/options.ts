/** Ends the script with status 2 after one line that says what is wrong with its arguments. */
export function usageError(script: string, message: string): never {
  console.error(`${script}: ${message}`);
  process.exit(2);
}

/** The whole number that an option gives. */
export function wholeNumber(script: string, option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  return usageError(script, `--${option} takes a whole number from ${least}, not ${text}`);
}

/** The number above 0 that an option gives. */
export function positiveNumber(script: string, option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  return usageError(script, `--${option} takes a number above 0, not ${text}`);
}

/** What an error says; `parseArgs` throws such. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
