import { stat } from 'node:fs/promises';
import { UsageError } from '../lib/errors';
import type { NodeState } from '../live/node-state';
import { askLive } from '../query/client';
import type { LiveAnswer } from '../query/live-answer';
import { openSource } from '../query/open-source';
import type { Source } from '../query/source';
import { nowNs } from '../query/time';
import type { NodeName, StoreFigures, TopData } from './data';
import { PeerRates } from './peer-rates';
import { type Choice, Points } from './points';
import { newestTime, readStore } from './read-store';
import { nameOf } from './text';
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
  readonly data: TopData;
}

/** Requests the data of each frame: from the node that has the store open, or from the store. */
export class Feed {
  private readonly rates = new PeerRates();
  private readonly closing = new AbortController();
  /** Whether the node answered before. */
  private nodeSeen = false;
  private server: Source | null = null;
  private kept: Kept | null = null;
  private last: { readonly key: string; readonly figures: StoreFigures } | null = null;

  constructor(private readonly options: FeedOptions) {}

  /** @throws UsageError, FailureError */
  async next(): Promise<TopData> {
    const { from, choice, env } = this.options;
    const file = /^duckdb:(.+)/is.exec(from)?.[1];
    if (file === undefined) {
      this.server ??= await openSource(from, env);
      return this.ofStore(this.server, []);
    }
    const answer = await askLive(file);
    if (answer === null) return this.ofFile(file);
    this.kept = null;
    const state = chosenState(answer, choice);
    if (state === null) return this.once((source) => this.ofStore(source, [why(answer)]));
    const { node, network } = state;
    const figures = await this.once((source) => this.figures(source, { node, network }, false));
    this.nodeSeen = true;
    return withState({ ...this.frame(figures), peers: this.rates.rows(state), nodeLost: false }, state);
  }

  close(): void {
    this.closing.abort();
    void this.server?.close();
  }

  /** The file is only read if it was written since. While this process has it open, no node can open it. */
  private async ofFile(file: string): Promise<TopData> {
    const written = `${await versionOf(file)} ${await versionOf(`${file}.wal`)}`;
    if (this.kept?.written === written) return { ...this.kept.data, atMs: Date.now() };
    const data = await this.once((source) => this.ofStore(source, ['no node runs on this store']));
    this.kept = { written, data };
    return data;
  }

  private async ofStore(source: Source, notes: readonly string[]): Promise<TopData> {
    const figures = await this.figures(source, this.options.choice, true);
    const several = figures.nodes.length > 1 ? [severalNodes(figures.nodes)] : [];
    const peers = 'a store has no table of peers; the user agents of the last hour are shown instead';
    return { ...this.frame(figures), notes: [...notes, peers, ...several] };
  }

  private async figures(source: Source, choice: Choice, agents: boolean): Promise<StoreFigures> {
    const points = new Points(source, choice);
    const newest = await newestTime(points, nowNs());
    const key = JSON.stringify([choice, agents, String(newest)]);
    // Points arrive less often than frames are drawn.
    if (key === this.last?.key) return this.last.figures;
    const { node, network } = this.options.choice;
    if (newest === null && (node !== undefined || network !== undefined)) await this.refuseChoice(source);
    const figures = await readStore(points, newest, { agents });
    this.last = { key, figures };
    return figures;
  }

  /** @throws UsageError if the store only has points of other nodes */
  private async refuseChoice(source: Source): Promise<void> {
    const all = await new Points(source, {}).read(
      'btcdmon',
      { since: 0n, until: nowNs() },
      { agg: { fn: 'count', column: 'started' }, by: ['node', 'network'] },
    );
    if (all.length === 0) return;
    const { node, network } = this.options.choice;
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
      peers: null,
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
