/** Which characters a new password may contain. */
export const WRITABLE = "use a password of printable ASCII without ' and \\";

/**
 * Whether the influx package writes this password correctly into a statement. It escapes other characters
 * wrongly.
 */
export function isWritable(password: string): boolean {
  return /^[\x20-\x7e]+$/.test(password) && !/['\\]/.test(password);
}
