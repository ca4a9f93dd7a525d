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
  answer(text: string): LiveWhy {
    const subject = parseSubject(text);
    const monotonicMs = this.record.modules.monotonicMs();
    const unixOf = unixFrom(this.about.nowMs(), monotonicMs);
    const found = this.find(subject, unixOf, monotonicMs);
    const { node, network } = this.about;
    return 'matches' in found
      ? {
          ...{ node, network, kind: null, id: '', facts: [], timeline: [], policies: [], firstMs: null },
          ...{ matches: found.matches, notKnown: this.notFound(subject, found.matches, monotonicMs) },
        }
      : { node, network, kind: found.kind, matches: [], ...found.told };
  }

  private find(
    subject: Subject,
    unixOf: UnixOf,
    nowMs: number,
  ): { readonly kind: WhyKind; readonly told: Told } | { readonly matches: readonly string[] } {
    const { record } = this;
    switch (subject.kind) {
      case 'hash':
        return this.ofHash(wireHash(subject.hash), unixOf) ?? { matches: [] };
      case 'prefix': {
        const blocks = record.blocks.beginningWith(subject.prefix, MOST_MATCHES).map(displayOf);
        const transactions = record.transactions
          .beginningWith(subject.prefix, MOST_MATCHES)
          .map(({ txid }) => displayOf(txid));
        return this.onlyOne([...blocks, ...transactions], unixOf);
      }
      case 'height': {
        const blocks = record.blocks.list().filter((block) => heightOf(block) === subject.height);
        const current = blocks.find(isCurrent);
        if (current === undefined)
          return this.onlyOne(
            blocks.map(({ hash }) => displayOf(hash)),
            unixOf,
          );
        const told = blockWhy(record, current, unixOf);
        const others = blocks.filter((block) => block !== current).map(({ hash }) => displayOf(hash));
        const notes = others.map((hash) => `Another block of this height is not in the best chain: ${hash}.`);
        return { kind: 'block', told: { ...told, notKnown: [...told.notKnown, ...notes] } };
      }
      case 'peer': {
        const told = peerWhy(record, subject.address, { unixOf, nowMs });
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

  private ofHash(hash: Hash, unixOf: UnixOf): { readonly kind: WhyKind; readonly told: Told } | null {
    const block = this.record.blocks.get(hash);
    if (block !== undefined) return { kind: 'block', told: blockWhy(this.record, block, unixOf) };
    const told = transactionWhy(this.record, hash, unixOf);
    return told === null ? null : { kind: 'transaction', told };
  }

  private onlyOne(
    ids: readonly string[],
    unixOf: UnixOf,
  ): { readonly kind: WhyKind; readonly told: Told } | { readonly matches: readonly string[] } {
    const matches = [...new Set(ids)].slice(0, MOST_MATCHES);
    const [only] = matches;
    const found = matches.length === 1 && only !== undefined ? this.ofHash(wireHash(only), unixOf) : null;
    return found ?? { matches };
  }

  private notFound(subject: Subject, matches: readonly string[], nowMs: number): readonly string[] {
    if (matches.length > 0) return [];
    const { record } = this;
    const age = durationText(nowMs - record.startedMs);
    const kept = durationText(record.limits.keptMs);
    const since =
      nowMs - record.startedMs < record.limits.keptMs
        ? `since this node began to listen ${age} ago`
        : `within the last ${kept} (--why)`;
    const forgotten = [record.announced, record.transactions, record.mined].flatMap(
      ({ dropped }) => dropped ?? [],
    );
    const full =
      forgotten.length === 0
        ? ''
        : ` Its memory (--why-size) reaches back ${durationText(nowMs - Math.max(...forgotten))} only.`;
    return [`${NOT_HEARD[subject.kind]} ${since}.${full}`];
  }
}

const NOT_HEARD: Readonly<Record<Subject['kind'], string>> = {
  hash: 'No peer has announced or sent it, and no block that came contains it,',
  prefix: 'No transaction or block that begins so has come',
  height: 'No block of this height has come',
  peer: 'There was no connection with it',
  host: 'There was no connection with it',
};
