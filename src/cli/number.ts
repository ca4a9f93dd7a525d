import { UsageError } from '../errors';

/** The number that the value of an option is, from 1 to `max`; throws UsageError naming both where it is none. */
export function positive(option: string, text: string, max = 999_999_999): number {
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= max) return number;
  const right = max < 999_999_999 ? `from 1 to ${max}` : 'from 1 up';
  throw new UsageError(`${option} ${text}: give a whole number ${right}`);
}
