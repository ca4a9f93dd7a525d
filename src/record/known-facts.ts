import { Fact } from './fact';

/** Longer facts have a time or a hash, which none has again. */
const MAX_BYTES = 40;

/** As many different short facts as there are small counts. */
const MAX_FACTS = 2_000;

/** Reads facts, and keeps the short ones: most records of a connection tell one of a few. */
export class KnownFacts {
  private readonly facts = new Map<string, Fact>();

  /** @throws RecordError */
  read(body: Buffer): Fact {
    if (body.length > MAX_BYTES) return Fact.read(body);
    const text = body.toString('latin1');
    const known = this.facts.get(text);
    if (known !== undefined) return known;
    const fact = Fact.read(body);
    if (this.facts.size < MAX_FACTS) this.facts.set(text, fact);
    return fact;
  }
}
