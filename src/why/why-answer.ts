import type { AppliedRule, ComparedPolicyName } from '../policy/compared';

/** What can be asked for. */
export type WhyKind = 'transaction' | 'block' | 'peer';

/** A fact about an object, by the name that its column has in the series. */
export interface WhyFact {
  readonly name: string;
  readonly value: string | number | boolean;
  /** '' for none. */
  readonly unit: string;
}

/** Something that happened to an object. */
export interface WhyStep {
  /** Unix time in milliseconds. */
  readonly timeMs: number;
  /** What happened, in a few words. */
  readonly what: string;
  /** Address of the peer that did it, or that it was done to; null for none. */
  readonly peer: string | null;
  /** The txid or block hash of another object that it concerns; null for none. */
  readonly about: string | null;
}

/** The verdict of a program's defaults on a transaction. */
export interface PolicyVerdict {
  readonly policy: ComparedPolicyName;
  /** `Bitcoin Core 31`. */
  readonly program: string;
  /** The first rule that it breaks; null where it would be relayed, as far as is known. */
  readonly refusedBy: string | null;
  readonly rules: readonly Omit<AppliedRule, 'policy'>[];
}

/** The answer of a running node's record about an object. */
export interface LiveWhy {
  readonly node: string;
  readonly network: string;
  /** The kind of object; null if the record knows nothing about it, or several match. */
  readonly kind: WhyKind | null;
  /** The txid, block hash or address; '' where `kind` is null. */
  readonly id: string;
  /** Ids that begin with the text that was given, where it fits several. */
  readonly matches: readonly string[];
  readonly facts: readonly WhyFact[];
  /** In the order of time. */
  readonly timeline: readonly WhyStep[];
  /** The verdicts of relay policies, for a transaction that came. */
  readonly policies: readonly PolicyVerdict[];
  /** What is not known, and why: whole sentences. */
  readonly notKnown: readonly string[];
  /** When it was first heard of, Unix milliseconds; null where it was not. */
  readonly firstMs: number | null;
}

/** The answer of the record about one object. */
export type Told = Pick<LiveWhy, 'id' | 'facts' | 'timeline' | 'policies' | 'notKnown' | 'firstMs'>;

/** A point of the store about an object. */
export interface StoredPoint {
  readonly series: string;
  /** Unix time in milliseconds; null of a count over a time. */
  readonly timeMs: number | null;
  readonly node: string;
  /** The columns that have a value. */
  readonly values: Readonly<Record<string, string | number | boolean>>;
}

/** Everything that is known of an object: by the running node, and by the store. */
export interface WhyAnswer extends Omit<LiveWhy, 'node' | 'network' | 'firstMs'> {
  /** The text of the question. */
  readonly asked: string;
  /** The running node whose record was asked; null if none runs. */
  readonly node: string | null;
  readonly stored: readonly StoredPoint[];
}
