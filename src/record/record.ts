/** Bytes of the head of a record: its time 4, its peer 4, its kind 1, the length of its body 3. */
export const RECORD_HEAD_BYTES = 12;

/** Length of the command before a payload. */
export const COMMAND_BYTES = 12;

/** What a record is. */
export const KIND = {
  /** About the file, as JSON: the first record of each. */
  start: 0,
  /** A message that came. The body is its command, padded with zeros to 12 bytes, and its payload. */
  in: 1,
  /** A message that we sent. */
  out: 2,
  /** Anything else that happened, as JSON with the name `event`. */
  fact: 3,
  /** The clock's readings while the next record was handled. */
  clock: 4,
  /** Headers of 80 bytes each that the chain had before. */
  headers: 5,
  /** A block that was rebuilt from a compact one; the next record is the fact that it came. */
  block: 6,
  /** A message whose checksum was wrong: its bytes on the transport (4), and its command. */
  torn: 7,
  /** How many bytes (4) were read of a connection's socket since the last record of this kind. */
  read: 8,
} as const;

/**
 * How many bytes a message took on its transport besides its payload, by the upper half of its kind: on the
 * plain transport, on the encrypted one with a short id, on the same with a name.
 */
export const FORM_BYTES: readonly number[] = [24, 21, 33];

/** A record of a block. */
export interface StoredRecord {
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
  /** Number of the connection in its run; 0 for none. */
  readonly peer: number;
  /** One of {@link KIND}; others are of later versions. */
  readonly kind: number;
  /** The upper half of the byte of its kind. */
  readonly form: number;
  readonly body: Buffer;
}

/** Writes the head of a record. `deltaNs` counts from the time of the block. */
export function writeRecordHead(
  target: Buffer,
  at: number,
  head: { readonly deltaNs: number; readonly peer: number; readonly kind: number; readonly length: number },
): void {
  writeWord(target, at, head.deltaNs);
  writeWord(target, at + 4, head.peer);
  writeWord(target, at + 8, head.kind + head.length * 256);
}

/** Writes a number of 32 bits: without the checks of Node.js, which take as long as all else of a head. */
export function writeWord(target: Buffer, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

/**
 * The records of a block.
 * @returns whether all bytes were records; false where the last one is longer than the block
 */
export function readRecords(raw: Buffer, blockNs: bigint, take: (record: StoredRecord) => void): boolean {
  let at = 0;
  while (at + RECORD_HEAD_BYTES <= raw.length) {
    const word = raw.readUInt32LE(at + 8);
    const start = at + RECORD_HEAD_BYTES;
    const end = start + (word >>> 8);
    if (end > raw.length) return false;
    take({
      timeNs: blockNs + BigInt(raw.readUInt32LE(at)),
      peer: raw.readUInt32LE(at + 4),
      kind: word & 0xf,
      form: (word >>> 4) & 0xf,
      body: raw.subarray(start, end),
    });
    at = end;
  }
  return at === raw.length;
}

/** A message of a record. */
export interface RecordedMessage {
  /** A stranger's bytes up to the first zero, one character for each. */
  readonly command: string;
  readonly payload: Buffer;
  /** What it took on its transport. */
  readonly bytes: number;
}

/** The message of a record of the kinds `in` and `out`; null for other kinds. */
export function readMessage({ form, body }: StoredRecord): RecordedMessage | null {
  const own = FORM_BYTES[form];
  if (own === undefined || body.length < COMMAND_BYTES) return null;
  const payload = body.subarray(COMMAND_BYTES);
  return { command: commandIn(body, 0), payload, bytes: own + payload.length };
}

/** The message without payload of a record of the kind `torn`; null for other kinds. */
export function readTorn({ body }: StoredRecord): Omit<RecordedMessage, 'payload'> | null {
  if (body.length !== 4 + COMMAND_BYTES) return null;
  return { bytes: body.readUInt32LE(0), command: commandIn(body, 4) };
}

function commandIn(body: Buffer, at: number): string {
  const end = body.indexOf(0, at);
  const most = at + COMMAND_BYTES;
  return body.toString('latin1', at, end < 0 || end > most ? most : end);
}

/** The 12 bytes of a command. */
export function commandField(command: string): Buffer {
  const field = Buffer.alloc(COMMAND_BYTES);
  field.write(command, 'latin1');
  return field;
}
