/** A record does not have the form of its kind, for example because somebody changed the recording. */
export class RecordError extends Error {}

/** Reasons become tags, so their form is fixed and their number is limited to what a program has. */
const WORD = /^[a-z][a-z0-9-]{0,39}$/;
const MAX_WORDS = 200;

/** Addresses as this program writes them. */
const ADDRESS = /^[\x21-\x7e]{1,300}$/;

/** The words that the facts of one recording have used. */
export type Words = Set<string>;

/** Reads the fields of a record of JSON. Each method throws RecordError where a field is not of its type. */
export class Fact {
  private constructor(private readonly fields: Readonly<Record<string, unknown>>) {}

  /** @throws RecordError */
  static read(body: Buffer): Fact {
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      throw new RecordError('a fact is no JSON');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new RecordError('a fact is no object');
    return new Fact(value as Readonly<Record<string, unknown>>);
  }

  text(name: string): string {
    const value = this.fields[name];
    if (typeof value !== 'string') throw new RecordError(`${name} is no text`);
    return value;
  }

  /** A word of a fixed list, which this can't know. */
  word(name: string, words: Words): string {
    const value = this.text(name);
    if (!WORD.test(value)) throw new RecordError(`${name} is no word`);
    if (!words.has(value) && words.size >= MAX_WORDS) throw new RecordError(`${name}: too many words`);
    words.add(value);
    return value;
  }

  address(name: string): string {
    const value = this.text(name);
    if (!ADDRESS.test(value)) throw new RecordError(`${name} is no address`);
    return value;
  }

  /** The bytes of hexadecimal text. */
  bytes(name: string): Buffer {
    const value = this.text(name);
    if (!/^([0-9a-f]{2})*$/.test(value)) throw new RecordError(`${name} is not hexadecimal`);
    return Buffer.from(value, 'hex');
  }

  flag(name: string): boolean {
    const value = this.fields[name];
    if (typeof value !== 'boolean') throw new RecordError(`${name} is neither true nor false`);
    return value;
  }

  number(name: string): number {
    const value = this.fields[name];
    if (typeof value !== 'number') throw new RecordError(`${name} is no number`);
    return value;
  }

  /** A count. */
  count(name: string): number {
    const value = this.number(name);
    if (!Number.isSafeInteger(value) || value < 0) throw new RecordError(`${name} is no count`);
    return value;
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined;
  }

  /** Further facts within. */
  list(name: string): readonly Fact[] {
    const value = this.fields[name];
    if (!Array.isArray(value)) throw new RecordError(`${name} is no list`);
    return value.map((each: unknown) => {
      if (typeof each !== 'object' || each === null) throw new RecordError(`${name} has what is no object`);
      return new Fact(each as Readonly<Record<string, unknown>>);
    });
  }

  /** Several texts. */
  texts(name: string): readonly string[] {
    const value = this.fields[name];
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
      throw new RecordError(`${name} is no list of texts`);
    return value;
  }

  within(name: string): Fact {
    const value = this.fields[name];
    if (typeof value !== 'object' || value === null) throw new RecordError(`${name} is no object`);
    return new Fact(value as Readonly<Record<string, unknown>>);
  }

  /** All of its fields, for a person. */
  get all(): Readonly<Record<string, unknown>> {
    return this.fields;
  }
}
