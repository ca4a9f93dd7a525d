/** A digit with a multiple of three digits behind it. */
const BEFORE_GROUP = /\d(?=(?:\d{3})+$)/g;

/**
 * A number for a reader: `12,345`. With `digits` it has at most as many digits behind the point: `4.5`.
 * `toLocaleString` does the same with the data of all languages, of which 5 MB stay in memory.
 */
export function grouped(value: number, digits = 0): string {
  const [whole = '', fraction = ''] = value.toFixed(digits).split('.');
  const rest = fraction.replace(/0+$/, '');
  return `${whole.replace(BEFORE_GROUP, '$&,')}${rest === '' ? '' : `.${rest}`}`;
}
