import { type FileHandle, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { textChecksum } from '../../wire/text-checksum';

/** Number of a segment, offset in it, and their checksum, which older versions did not write. */
const FORM = /^((\d{8}) (\d{12}))(?: ([0-9a-f]{8}))?\n$/;

/** The first record that is not delivered. */
export interface SpoolPosition {
  /** Number of its segment; 0 where nothing was delivered yet. */
  readonly segment: number;
  readonly offset: number;
}

const BEGIN: SpoolPosition = { segment: 0, offset: 0 };

/** The file `cursor` of a spool: up to where its records are delivered. */
export class Cursor {
  private constructor(
    private readonly handle: FileHandle,
    /** Where the last run stopped. */
    readonly start: SpoolPosition,
  ) {}

  /**
   * Opens the file, or makes it. A damaged file counts as missing: then every record is delivered again.
   * @param what names the spool in messages
   */
  static async open(folder: string, what: string, warn: (message: string) => void): Promise<Cursor> {
    const file = path.join(folder, 'cursor');
    const text = await readFile(file, 'latin1').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    const start = text === null ? BEGIN : parse(text);
    if (start === null)
      warn(
        `${what}: the file cursor is damaged; all points that wait are delivered again from the oldest on`,
      );
    if (text !== null && start !== null) return new Cursor(await open(file, 'r+', 0o600), start);
    const cursor = new Cursor(await open(file, 'w+', 0o600), BEGIN);
    try {
      // An empty file is a damaged one.
      await cursor.write(BEGIN);
    } catch (error) {
      await cursor.close();
      throw error;
    }
    return cursor;
  }

  /** Writes the position. The file is not synced, so a crash may leave an earlier one. */
  async write({ segment, offset }: SpoolPosition): Promise<void> {
    const text = `${String(segment).padStart(8, '0')} ${String(offset).padStart(12, '0')}`;
    await this.handle.write(`${text} ${textChecksum(text)}\n`, 0, 'latin1');
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** The position in the text of the file; null where the text is damaged. */
function parse(text: string): SpoolPosition | null {
  const [, position = '', segment, offset, sum] = FORM.exec(text) ?? [];
  if (segment === undefined || (sum !== undefined && sum !== textChecksum(position))) return null;
  return { segment: Number(segment), offset: Number(offset) };
}
