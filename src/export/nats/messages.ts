import type { LineBatch } from '../line-exporter';

/** One message to publish. */
export interface NatsMessage {
  readonly subject: string;
  /** The same when the same lines are published again, different for other lines. */
  readonly id: string;
  readonly lines: Buffer;
  readonly points: number;
}

/** The messages of a batch, and the number of lines that are too long for a message. */
export interface NatsMessages {
  readonly messages: readonly NatsMessage[];
  readonly tooLong: number;
}

/**
 * The most bytes of lines in a message, even if the server accepts more. The cut of a batch must not depend
 * on the server: a batch that is cut differently the second time would have messages with the ids of others.
 */
const MAX_BYTES = 512_000;

/** Bytes of the server's limit that are left for the headers. */
const HEADER_BYTES = 1_024;

/** Bound of the cache of subjects, by the start of a line; a node has some hundreds. */
const MAX_STARTS = 10_000;

/** The longest token of a subject. */
const MAX_TOKEN = 64;

const NEWLINE = '\n';
const BACKSLASH = 0x5c;

/** Lines of one subject, up to the limit of a message. */
interface OpenMessage {
  text: string;
  points: number;
  /** Number of the subject's lines in earlier messages. */
  before: number;
}

/** Groups the lines of a batch into messages by subject, `<prefix>.<node>.<series>`. */
export class MessageMaker {
  private readonly subjects = new Map<string, string>();

  constructor(private readonly prefix: string) {}

  /** `maxBytes` is the server's limit of a message. Lines of a subject keep their order. */
  messages({ id, lines }: LineBatch, maxBytes: number): NatsMessages {
    const most = Math.min(MAX_BYTES, maxBytes - HEADER_BYTES);
    const open = new Map<string, OpenMessage>();
    const messages: NatsMessage[] = [];
    let tooLong = 0;
    const finish = (subject: string, { text, points, before }: OpenMessage): void => {
      const part = `${subject.slice(this.prefix.length + 1)}:${before}+${points}`;
      messages.push({ subject, id: `${id}:${part}`, lines: Buffer.from(text, 'latin1'), points });
    };
    // One character for each byte: the lines are cut by bytes, and their bytes stay unchanged.
    const all = lines.toString('latin1');
    let from = 0;
    for (let to = all.indexOf(NEWLINE); to >= 0; to = all.indexOf(NEWLINE, from)) {
      const line = all.slice(from, to + 1);
      from = to + 1;
      if (line.length > most) {
        tooLong += 1;
        continue;
      }
      const subject = this.subjectOf(line);
      let group = open.get(subject);
      if (group !== undefined && group.text.length + line.length > most) {
        finish(subject, group);
        group = { text: '', points: 0, before: group.before + group.points };
        open.set(subject, group);
      }
      if (group === undefined) open.set(subject, (group = { text: '', points: 0, before: 0 }));
      group.text += line;
      group.points += 1;
    }
    for (const [subject, group] of open) finish(subject, group);
    return { messages, tooLong };
  }

  private subjectOf(line: string): string {
    let space = line.indexOf(' ');
    while (space > 0 && line.charCodeAt(space - 1) === BACKSLASH) space = line.indexOf(' ', space + 1);
    const start = line.slice(0, Math.max(space, 0));
    const known = this.subjects.get(start);
    if (known !== undefined) return known;
    const series = /^[^,]*/.exec(start)?.[0] ?? '';
    const node = /(?<!\\),node=((?:\\.|[^,])*)/.exec(start)?.[1] ?? '';
    const subject = `${this.prefix}.${tokenOf(node)}.${tokenOf(series)}`;
    if (this.subjects.size >= MAX_STARTS) this.subjects.clear();
    this.subjects.set(start, subject);
    return subject;
  }
}

/**
 * A name as a token of a subject: dots, wildcards and spaces, which have a meaning there, are replaced. The
 * lines keep the original name.
 */
function tokenOf(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, MAX_TOKEN) || '_';
}
