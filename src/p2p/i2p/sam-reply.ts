/** How much of a strange reply an error shows. */
const MOST_SHOWN = 100;

/** The bridge does not do what was asked. The message is for people. */
export class SamError extends Error {
  override readonly name = 'SamError';

  constructor(
    message: string,
    /** The value of RESULT in the reply, if that is the reason. */
    readonly result?: string,
  ) {
    super(message);
  }
}

/** A line of a bridge, such as `STREAM STATUS RESULT=I2P_ERROR MESSAGE="no tunnels"`. */
export interface SamReply {
  /** The words in front, such as `STREAM STATUS`. */
  readonly topic: string;
  /** The values by their names; one without a value has an empty one. */
  readonly values: ReadonlyMap<string, string>;
}

/** A word; a value may have quotes around it, in which a backslash precedes a quote (SAM 3.2). */
const TOKEN = /([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|(\S*)))?/gy;

/**
 * Reads a reply.
 * @throws SamError if the line is no reply
 */
export function parseSamReply(line: string): SamReply {
  const topic: string[] = [];
  const values = new Map<string, string>();
  TOKEN.lastIndex = 0;
  const text = line.trim();
  while (TOKEN.lastIndex < text.length) {
    const [all, name = '', quoted, plain] = TOKEN.exec(text) ?? [];
    if (all === undefined) throw new SamError(`sent what is no reply: ${shown(line)}`);
    if (values.size === 0 && quoted === undefined && plain === undefined && topic.length < 2)
      topic.push(name);
    else values.set(name, quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
    while (text[TOKEN.lastIndex] === ' ') TOKEN.lastIndex += 1;
  }
  if (topic.length !== 2) throw new SamError(`sent what is no reply: ${shown(line)}`);
  return { topic: topic.join(' '), values };
}

/** The beginning of a text of the bridge, in quotes and without control characters. */
export function shown(line: string): string {
  const text = line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}...` : line;
  return JSON.stringify(text);
}

/** What is wrong with a reply that should have RESULT=OK, in words. */
export function resultProblem({ topic, values }: SamReply): SamError {
  const result = values.get('RESULT');
  const message = values.get('MESSAGE');
  if (result === undefined) return new SamError(`answered ${shown(topic)} without a result`);
  const why = message === undefined ? '' : ` (${shown(message)})`;
  return new SamError(`answered ${shown(result)}${why}`, result);
}
