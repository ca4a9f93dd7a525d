import { createHash } from 'node:crypto';
import type { SeriesName } from '../../metrics/schema';
import type { QueryScheduler } from '../../query/query-scheduler';
import { type Result, type Value, allRows } from '../../query/result';
import type { Query } from '../../query/model';
import { MAX_NS, nowNs } from '../../query/time';
import type { Where } from '../../query/where';
import { msOf } from '../encode';
import type { Handler } from '../exchange';
import { readParams } from '../params';
import { send } from '../reply';

/** How far back the feed goes, and how many entries of a kind it has at most. */
const SINCE_NS = 30n * 86_400_000_000_000n;
const MOST = 50;

/** Time limit of its queries, in milliseconds. */
const QUERY_MS = 10_000;

/** Longest text of an entry, in characters. */
const LENGTH = 500;

/** An event of the feed. */
interface Entry {
  /** Identifies it for ever. */
  readonly id: string;
  readonly timeMs: number;
  readonly title: string;
  readonly text: string;
}

type Fields = Readonly<Record<string, Value | undefined>>;

/** A kind of event in the feed: its points, and their words. */
interface Kind {
  readonly series: SeriesName;
  readonly where: Where | null;
  readonly words: (fields: Fields) => { readonly title: string; readonly text: string };
}

const INVALID: Where = { kind: 'compare', column: 'status', op: '=', value: 'rejected' };
const STALE: Where = { kind: 'compare', column: 'status', op: '=', value: 'side_chain' };

const KINDS: readonly Kind[] = [
  {
    series: 'reorgs',
    where: null,
    words: ({ depth, fork_height: fork, old_tip: before, new_tip: after }) => ({
      title: `Reorganisation of ${textOf(depth)} ${depth === 1 ? 'block' : 'blocks'}`,
      text: `After height ${textOf(fork)} the chain to ${textOf(after)} replaced the one to ${textOf(before)}.`,
    }),
  },
  {
    series: 'processed_blocks',
    where: INVALID,
    words: ({ sha, height, reject_reason: reason }) => ({
      title: `Invalid block at height ${textOf(height)}`,
      text: `The block ${textOf(sha)} breaks a rule: ${textOf(reason)}.`,
    }),
  },
  {
    series: 'processed_blocks',
    where: STALE,
    words: ({ sha, height }) => ({
      title: `Stale block at height ${textOf(height)}`,
      text: `The block ${textOf(sha)} is valid, and another chain has more work.`,
    }),
  },
  {
    series: 'alerts',
    where: null,
    words: ({ alert, severity, is_firing: isFiring, reason, about }) => ({
      title: `${isFiring === true ? `Alert (${textOf(severity)})` : 'Resolved'}: ${textOf(alert)} ${textOf(about)}`,
      text: textOf(reason),
    }),
  },
];

export interface FeedModules {
  readonly scheduler: QueryScheduler;
  /** Name of the node; null for a store alone. */
  readonly node: string | null;
}

/** `GET /feed.xml`: an Atom feed (RFC 4287) of reorganisations, stale and invalid blocks, and alerts. */
export function feedHandler({ scheduler, node }: FeedModules): Handler {
  return async ({ request, response, params, left }) => {
    readParams(params, []);
    const until = nowNs();
    const entries = await scheduler.ask({ kind: 'panel', timeoutMs: QUERY_MS, left }, async (asked) => {
      const found: Entry[] = [];
      let index = 0;
      for await (const result of asked.runAll(KINDS.map((kind) => queryOf(kind, until)))) {
        const kind = KINDS[index++];
        if (kind !== undefined) found.push(...(await entriesOf(kind, result)));
      }
      return found.sort((a, b) => b.timeMs - a.timeMs);
    });
    const title = `btcdmon-node${node === null ? '' : ` ${node}`}`;
    await send(request, response, {
      type: 'application/atom+xml; charset=utf-8',
      body: atomOf(title, entries, msOf(until)),
    });
  };
}

function queryOf({ series, where }: Kind, nowNs: bigint): Query {
  return {
    ...{ series, where, agg: null, by: [], everyNs: null, limit: MOST },
    // A clock that was set back has left points in the future.
    ...{ since: nowNs - SINCE_NS, until: MAX_NS },
  };
}

async function entriesOf({ series, words }: Kind, result: Result): Promise<readonly Entry[]> {
  const rows = await allRows(result);
  return rows.map((row) => {
    const fields: Fields = Object.fromEntries(result.columns.map(({ name }, index) => [name, row[index]]));
    const { time, node, network } = fields;
    const { title, text } = words(fields);
    return {
      id: uuidOf([series, ...[node, network, time].map(textOf)].join('\0')),
      timeMs: typeof time === 'bigint' ? msOf(time) : 0,
      title,
      text: `${text} Seen by ${textOf(node)} on ${textOf(network)}.`,
    };
  });
}

function atomOf(title: string, entries: readonly Entry[], nowMs: number): string {
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    `<title>${xml(title)}</title>`,
    `<id>${uuidOf(`feed\0${title}`)}</id>`,
    `<updated>${timeOf(entries[0]?.timeMs ?? nowMs)}</updated>`,
    `<author><name>${xml(title)}</name></author>`,
    '<link rel="self" href="/feed.xml"/>',
    ...entries.map(
      ({ id, timeMs, title: head, text }) =>
        `<entry><id>${id}</id><title>${xml(head)}</title><updated>${timeOf(timeMs)}</updated><content>${xml(text)}</content></entry>`,
    ),
    '</feed>\n',
  ].join('\n');
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** A UUID that is always the same for a text (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${parts.join('-')}`;
}

function textOf(value: Value | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

/** A text in XML, which has no control characters and no halves of surrogate pairs. */
function xml(text: string): string {
  return text
    .slice(0, LENGTH)
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '?')
    .replace(/\s+/g, ' ')
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
