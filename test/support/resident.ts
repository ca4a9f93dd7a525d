import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** A mapping of /proc/PID/smaps, in bytes. */
interface Mapping {
  readonly from: bigint;
  readonly to: bigint;
  /** Where it begins in its file. */
  readonly offset: bigint;
  /** Device and inode of its file. */
  readonly file: string;
  readonly resident: number;
  readonly anonymous: number;
  readonly pageBytes: number;
}

/** Bytes of an entry of /proc/PID/pagemap, and the bits of its last byte that say what a page is. */
const ENTRY_BYTES = 8;
const PRESENT = 0x80;
const OF_FILE = 0x20;

/**
 * Resident memory in bytes of several processes together. A page of a file that several of them have counts
 * once, whatever other processes have it as well. (The Pss of proc_pid_smaps(5) divides it among all: two
 * processes of a listener seem smaller while another program runs the same Node.js.) Linux only.
 * @throws Error where a process has ended
 */
export function residentOnceOf(pids: readonly number[]): number {
  /** The bytes of each page of a file, by the page's place. */
  const pages = new Map<string, number>();
  let anonymous = 0;
  for (const pid of pids)
    for (const mapping of mappingsOf(pid)) {
      anonymous += mapping.anonymous;
      if (mapping.resident === mapping.anonymous) continue;
      for (const page of filePagesOf(pid, mapping)) pages.set(`${mapping.file} ${page}`, mapping.pageBytes);
    }
  return [...pages.values()].reduce((sum, bytes) => sum + bytes, anonymous);
}

function mappingsOf(pid: number): readonly Mapping[] {
  const text = readFileSync(`/proc/${pid}/smaps`, 'utf8');
  return text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).map((part) => {
    const [range = '', , offset = '0', device = '', inode = ''] = part.split('\n', 1)[0]?.split(' ') ?? [];
    const [from = '0', to = '0'] = range.split('-');
    const bytesOf = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(part)?.[1] ?? 0) * 1_024;
    return {
      ...{ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`), offset: BigInt(`0x${offset}`) },
      file: `${device} ${inode}`,
      ...{ resident: bytesOf('Rss'), anonymous: bytesOf('Anonymous'), pageBytes: bytesOf('KernelPageSize') },
    };
  });
}

/** The pages of a mapping that are in memory and are those of its file, by their number in the file. */
function filePagesOf(pid: number, { from, to, offset, pageBytes }: Mapping): readonly number[] {
  const size = BigInt(pageBytes);
  const entries = Buffer.alloc(Number((to - from) / size) * ENTRY_BYTES);
  const file = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    const read = readSync(file, entries, 0, entries.length, (from / size) * BigInt(ENTRY_BYTES));
    const pages: number[] = [];
    for (let at = 0; at < read; at += ENTRY_BYTES) {
      const bits = entries.readUInt8(at + ENTRY_BYTES - 1);
      if ((bits & PRESENT) !== 0 && (bits & OF_FILE) !== 0)
        pages.push(Number(offset / size) + at / ENTRY_BYTES);
    }
    return pages;
  } finally {
    closeSync(file);
  }
}
