/** Prints one line that says what is wrong with the arguments, and exits with status 2. */
export function usageError(script: string, message: string): never {
  console.error(`${script}: ${message}`);
  process.exit(2);
}

/** The value of an option as a whole number of at least `least`. */
export function wholeNumber(script: string, option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  return usageError(script, `--${option} takes a whole number from ${least}, not ${text}`);
}

/** The value of an option as a number above 0. */
export function positiveNumber(script: string, option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  return usageError(script, `--${option} takes a number above 0, not ${text}`);
}

/** The message of something that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
