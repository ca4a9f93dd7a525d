import { stat } from 'node:fs/promises';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import type { NodeState } from '../live/node-state';
import { askLive } from '../query/client';
import type { LiveAnswer } from '../query/live-answer';
import { openSource } from '../query/open-source';
import type { Source } from '../query/source';
import { type StoreNode, namesOf, readNodes } from '../query/store-nodes';
import { nowNs } from '../query/time';
import type { NodeName, StoreFigures, TopData } from './data';
import { PeerRates } from './peer-rates';
import { type Choice, Points } from './points';
import { newestTime, readStore } from './read-store';
import { nameOf } from './text';
import { watchedNote, watchedPeers } from './watched-node';
import { withState } from './with-state';

/** What to show. */
export interface FeedOptions {
  /** URL of the store. */
  readonly from: string;
  readonly choice: Choice;
  readonly env: NodeJS.ProcessEnv;
}

/** The data of a store file, valid until the file is written. */
interface Kept {
  readonly written: string;
  readonly choice: Choice;
  readonly data: TopData;
}

/** Between two looks at which nodes the store has, in milliseconds. */
const NODES_EVERY_MS = 60_000;

const HOUR_NS = 3_600_000_000_000n;

/** Requests the data of each frame: from the node that has the store open, or from the store. */
export class Feed {
  private readonly rates = new PeerRates();
  private readonly closing = new AbortController();
  /** Whether the node answered before. */
  private nodeSeen = false;
  private server: Source | null = null;
  private kept: Kept | null = null;
  private last: { readonly key: string; readonly figures: StoreFigures } | null = null;
  /** The nodes of the store within the hour before its newest point. */
  private nodes: readonly StoreNode[] = [];
  private nodesReadMs = -Infinity;
  /** The node that the first choice shows, if it is one. */
  private home: NodeName | null = null;
  private current: Choice;

  constructor(private readonly options: FeedOptions) {
    this.current = options.choice;
  }

  /** @throws UsageError, FailureError */
  async next(): Promise<TopData> {
    const { current: choice } = this;
    const { from, env } = this.options;
    const file = /^duckdb:(.+)/is.exec(from)?.[1];
    if (file === undefined) {
      this.server ??= await openSource(from, env);
      return this.ofStore(this.server, choice, []);
    }
    const path = expandHome(file);
    const answer = await askLive(path);
    if (answer === null) return this.ofFile(path, choice);
    this.kept = null;
    const state = chosenState(answer, choice);
    if (state === null) return this.once((source) => this.ofStore(source, choice, [why(answer)]));
    const { node, network } = state;
    if (choice === this.options.choice) this.home = { node, network };
    const figures = await this.once((source) => this.figures(source, { node, network }, false));
    this.nodeSeen = true;
    return withState({ ...this.frame(figures), peers: this.rates.rows(state), nodeLost: false }, state);
  }

  /** Chooses the next or previous node, in the order of `choices`. */
  switchNode(step: 1 | -1): void {
    const choices = this.choices();
    const { node, network } = this.current;
    const at =
      this.current === this.options.choice
        ? 0
        : choices.findIndex((choice) => choice.node === node && choice.network === network);
    this.current = choices.at((Math.max(0, at) + step) % choices.length) ?? this.options.choice;
  }

  close(): void {
    this.closing.abort();
    void this.server?.close();
  }

  /** The first choice, and each node that the first choice does not already show. */
  private choices(): readonly Choice[] {
    const { choice } = this.options;
    const others = this.nodes.filter(
      ({ node, network }) =>
        !(node === choice.node && network === (choice.network ?? network)) &&
        !(node === this.home?.node && network === this.home.network),
    );
    return [choice, ...others.map(({ node, network }) => ({ node, network }))];
  }

  /** The file is only read if it was written since. While this process has it open, no node can open it. */
  private async ofFile(file: string, choice: Choice): Promise<TopData> {
    const written = `${await versionOf(file)} ${await versionOf(`${file}.wal`)}`;
    if (this.kept?.written === written && this.kept.choice === choice)
      return { ...this.kept.data, atMs: Date.now() };
    const data = await this.once((source) => this.ofStore(source, choice, ['no node runs on this store']));
    this.kept = { written, choice, data };
    return data;
  }

  private async ofStore(source: Source, choice: Choice, notes: readonly string[]): Promise<TopData> {
    const figures = await this.figures(source, choice, true);
    if (this.isWatched(choice)) return this.ofWatched(source, choice, figures);
    const several = figures.nodes.length > 1 ? [severalNodes(figures.nodes)] : [];
    const peers = 'a store has no table of peers; the user agents of the last hour are shown instead';
    return { ...this.frame(figures), notes: [...notes, peers, ...several] };
  }

  /** The peers of a watched node are points of the store. */
  private async ofWatched(source: Source, choice: Choice, figures: StoreFigures): Promise<TopData> {
    const points = new Points(source, choice);
    const until = BigInt(Math.ceil(figures.newestMs ?? 0)) * 1_000_000n + 1_000_000n;
    const { node = '', network = '' } = choice;
    const nodes = figures.nodes.length > 0 ? figures.nodes : [{ node, network, silentMs: 0 }];
    return {
      ...this.frame({ ...figures, nodes }),
      notes: [await watchedNote(points, until)],
      peers: await watchedPeers(points, until),
    };
  }

  private isWatched({ node, network }: Choice): boolean {
    return this.nodes.some(
      (it) => it.isWatched && it.node === node && it.network === (network ?? it.network),
    );
  }

  private async figures(source: Source, wanted: Choice, agents: boolean): Promise<StoreFigures> {
    await this.lookForNodes(source);
    const watched = namesOf(this.nodes.filter(({ isWatched }) => isWatched));
    // The listener and the watched node count the same traffic, so their numbers must not be added up.
    const choice = wanted.node === undefined && watched.length > 0 ? { ...wanted, without: watched } : wanted;
    const points = new Points(source, choice);
    const newest = this.isWatched(choice)
      ? ((await newestTime(points, nowNs(), 'node_status')) ?? (await newestTime(points, nowNs(), 'tap')))
      : await newestTime(points, nowNs());
    const key = JSON.stringify([choice, agents, String(newest)]);
    // Points arrive less often than frames are drawn.
    if (key === this.last?.key) return this.last.figures;
    const { node, network } = wanted;
    if (newest === null && (node !== undefined || network !== undefined))
      await this.refuseChoice(source, wanted);
    const figures = await readStore(points, newest, { agents });
    this.last = { key, figures };
    return figures;
  }

  /** Looks, now and then, which nodes the store has. */
  private async lookForNodes(source: Source): Promise<void> {
    if (performance.now() - this.nodesReadMs < NODES_EVERY_MS) return;
    const newest = await newestTime(new Points(source, {}), nowNs());
    if (newest === null) return;
    const since = newest > HOUR_NS ? newest - HOUR_NS : 0n;
    this.nodes = await readNodes((query) => source.run(query), { since, until: newest + 60_000_000_000n });
    this.nodesReadMs = performance.now();
    const writers = this.nodes.filter(({ isWatched }) => !isWatched);
    if (writers.length === 1 && this.options.choice.node === undefined) this.home ??= writers[0] ?? null;
  }

  /** @throws UsageError if the store only has points of other nodes */
  private async refuseChoice(source: Source, { node, network }: Choice): Promise<void> {
    const all = await new Points(source, {}).read(
      'btcdmon',
      { since: 0n, until: nowNs() },
      { agg: { fn: 'count', column: 'started' }, by: ['node', 'network'] },
    );
    if (all.length === 0) return;
    const asked = [
      ...(node === undefined ? [] : [`--node ${node}`]),
      ...(network === undefined ? [] : [`--network ${network}`]),
    ].join(' ');
    throw new UsageError(`${asked}: the store only has points of ${all.map(nameOf).join(', ')}`);
  }

  private frame(figures: StoreFigures): TopData {
    const { from } = this.options;
    return {
      ...figures,
      source: from,
      atMs: Date.now(),
      version: null,
      choices: this.choices().length,
      ...{ peers: null, verdicts: [], firing: [] },
      nodeLost: this.nodeSeen,
      notes: [],
    };
  }

  private async once<T>(ask: (source: Source) => Promise<T>): Promise<T> {
    const source = await openSource(this.options.from, this.options.env);
    const close = (): void => void source.close();
    this.closing.signal.addEventListener('abort', close);
    try {
      return await ask(source);
    } finally {
      this.closing.signal.removeEventListener('abort', close);
      await source.close();
    }
  }
}

function severalNodes(nodes: readonly NodeName[]): string {
  return `${nodes.length} nodes summed (choose with --node, --network): ${nodes.map(nameOf).join(', ')}`;
}

/** The state of the running node, if that is the node to be shown. */
function chosenState({ state }: LiveAnswer, { node, network }: Choice): NodeState | null {
  if (state === null) return null;
  return (node ?? state.node) === state.node && (network ?? state.network) === state.network ? state : null;
}

function why(answer: LiveAnswer): string {
  return answer.state === null ? answer.why : `the node that runs here is ${nameOf(answer.state)}`;
}

async function versionOf(file: string): Promise<string> {
  const { mtimeMs, size } = await stat(file).catch(() => ({ mtimeMs: 0, size: 0 }));
  return `${mtimeMs}-${size}`;
}
