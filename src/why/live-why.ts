import { displayOf, type Hash, wireHash } from '../wire/hash';
import { blockWhy, heightOf, isCurrent } from './block-why';
import { peerWhy } from './peer-why';
import { parseSubject, type Subject } from './subject';
import { type UnixOf, durationText, unixFrom } from './times';
import { transactionWhy } from './transaction-why';
import type { LiveWhy, Told, WhyKind } from './why-answer';
import type { WhyRecord } from './why-record';

/** Ids that are offered where a text fits several. */
const MOST_MATCHES = 10;

/** An object, and what is told of it. */
interface Found {
  readonly kind: WhyKind;
  readonly told: Told;
}

/** The ids or addresses that a text fits; none, or several. */
interface Matches {
  readonly matches: readonly string[];
}

/** The node whose record is asked. */
export interface WhyNode {
  readonly node: string;
  readonly network: string;
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
}

/** Answers what the record of a running node knows of a transaction, a block or a peer. */
export class LiveWhyAnswers {
  constructor(
    private readonly record: WhyRecord,
    private readonly about: WhyNode,
  ) {}

  /** @throws UsageError for a text that names no object */
  async answer(text: string): Promise<LiveWhy> {
    const subject = parseSubject(text);
    const monotonicMs = this.record.modules.monotonicMs();
    const unixOf = unixFrom(this.about.nowMs(), monotonicMs);
    const found = await this.find(subject, unixOf, monotonicMs);
    const { node, network } = this.about;
    return 'matches' in found
      ? {
          ...{ node, network, kind: null, id: '', facts: [], timeline: [], policies: [], firstMs: null },
          ...{ matches: found.matches, notKnown: this.notFound(subject, found.matches, monotonicMs) },
        }
      : { node, network, kind: found.kind, matches: [], ...found.told };
  }

  private async find(subject: Subject, unixOf: UnixOf, nowMs: number): Promise<Found | Matches> {
    const { record } = this;
    switch (subject.kind) {
      case 'hash':
        return (await this.ofHash(wireHash(subject.hash), unixOf)) ?? { matches: [] };
      case 'prefix': {
        const blocks = record.blocks.beginningWith(subject.prefix, MOST_MATCHES).map(displayOf);
        const transactions = await record.transactions.beginningWith(subject.prefix, MOST_MATCHES);
        return this.onlyOne([...blocks, ...transactions.map(({ txid }) => displayOf(txid))], unixOf);
      }
      case 'height': {
        const blocks = record.blocks.list().filter((block) => heightOf(block) === subject.height);
        const current = blocks.find(isCurrent);
        if (current === undefined)
          return this.onlyOne(
            blocks.map(({ hash }) => displayOf(hash)),
            unixOf,
          );
        const told = await blockWhy(record, current, unixOf);
        const others = blocks.filter((block) => block !== current).map(({ hash }) => displayOf(hash));
        const notes = others.map((hash) => `Another block of this height is not in the best chain: ${hash}.`);
        return { kind: 'block', told: { ...told, notKnown: [...told.notKnown, ...notes] } };
      }
      case 'peer': {
        const told = await peerWhy(record, subject.address, { unixOf, nowMs });
        return told === null ? { matches: [] } : { kind: 'peer', told };
      }
      case 'host': {
        const peers = record.peers.list(
          ({ address }) => address.toLowerCase().replace(/:\d+$/, '') === subject.host,
        );
        const addresses = [...new Set(peers.map(({ address }) => address))];
        return { matches: addresses.slice(0, MOST_MATCHES) };
      }
    }
  }

  private async ofHash(hash: Hash, unixOf: UnixOf): Promise<Found | null> {
    const block = this.record.blocks.get(hash);
    if (block !== undefined) return { kind: 'block', told: await blockWhy(this.record, block, unixOf) };
    const told = await transactionWhy(this.record, hash, unixOf);
    return told === null ? null : { kind: 'transaction', told };
  }

  private async onlyOne(ids: readonly string[], unixOf: UnixOf): Promise<Found | Matches> {
    const matches = [...new Set(ids)].slice(0, MOST_MATCHES);
    const [only] = matches;
    const found =
      matches.length === 1 && only !== undefined ? await this.ofHash(wireHash(only), unixOf) : null;
    return found ?? { matches };
  }

  private notFound(subject: Subject, matches: readonly string[], nowMs: number): readonly string[] {
    if (matches.length > 0) return [];
    const { record } = this;
    const { startedMs, dropped } = record;
    // Of former runs it has facts about transactions alone.
    const isKept = subject.kind === 'hash' || subject.kind === 'prefix';
    const ageMs = nowMs - (isKept ? Math.min(record.reachesMs, startedMs) : startedMs);
    const full =
      dropped === null ? '' : ` ${record.roomText} reaches back ${durationText(nowMs - dropped)} only.`;
    return [`${NOT_HEARD[subject.kind]} ${this.sinceText(ageMs, nowMs)}.${full}`];
  }

  private sinceText(ageMs: number, nowMs: number): string {
    const { limits, startedMs } = this.record;
    if (ageMs >= limits.keptMs) return `within the last ${durationText(limits.keptMs)} (--why)`;
    const runMs = nowMs - startedMs;
    if (ageMs > runMs) return `in the ${durationText(ageMs)} that the record goes back`;
    return `since this node began to listen ${durationText(runMs)} ago`;
  }
}

const NOT_HEARD: Readonly<Record<Subject['kind'], string>> = {
  hash: 'No peer has announced or sent it, and no block that came contains it,',
  prefix: 'No transaction or block that begins so has come',
  height: 'No block of this height has come',
  peer: 'There was no connection with it',
  host: 'There was no connection with it',
};
