/** The readings of the clock while something was handled, in order, by kind. */
export interface Readings {
  /** Unique times of points, in nanoseconds since 1970. */
  readonly unique: readonly bigint[];
  /** Milliseconds on the monotonic clock. */
  readonly monotonic: readonly number[];
}

/** Whether the unique times are differences from the time of the record, in 4 bytes each. */
const NEAR = 0;
const FAR = 1;
const MOST_NEAR = 0xffffffffn;

/** A body of a record of the kind `clock`, and its form. */
export function encodeReadings(
  { unique, monotonic }: Readings,
  timeNs: bigint,
): { readonly form: number; readonly body: Buffer } {
  const isNear = unique.every((ns) => ns >= timeNs && ns - timeNs <= MOST_NEAR);
  const each = isNear ? 4 : 8;
  const body = Buffer.allocUnsafe(4 + unique.length * each + monotonic.length * 8);
  body.writeUInt32LE(unique.length, 0);
  let at = 4;
  for (const ns of unique) {
    if (isNear) body.writeUInt32LE(Number(ns - timeNs), at);
    else body.writeBigUInt64LE(ns, at);
    at += each;
  }
  for (const ms of monotonic) at = body.writeDoubleLE(ms, at);
  return { form: isNear ? NEAR : FAR, body };
}

/** The readings in the body of a record; null if the body has another form. */
export function decodeReadings(form: number, body: Buffer, timeNs: bigint): Readings | null {
  if (body.length < 4 || (form !== NEAR && form !== FAR)) return null;
  const each = form === NEAR ? 4 : 8;
  const count = body.readUInt32LE(0);
  const middle = 4 + count * each;
  if (middle > body.length || (body.length - middle) % 8 !== 0) return null;
  const unique: bigint[] = [];
  for (let at = 4; at < middle; at += each)
    unique.push(form === NEAR ? timeNs + BigInt(body.readUInt32LE(at)) : body.readBigUInt64LE(at));
  const monotonic: number[] = [];
  for (let at = middle; at < body.length; at += 8) monotonic.push(body.readDoubleLE(at));
  return { unique, monotonic };
}
