import { displayOf, type Hash } from '../wire/hash';
import { HEADER_BYTES, type Header, parseHeader } from '../wire/header';
import type {
  AddressCounts,
  ChainInfo,
  ChainTip,
  MempoolEntry,
  MempoolInfo,
  NetTotals,
  NetworkInfo,
  NodeBlock,
  NodeBlockHeader,
  NodeOrphan,
  NodePeer,
} from './answers';
import { Fields, bytesIn, hashIn } from './fields';
import {
  readAddresses,
  readBlock,
  readBlockHeader,
  readChainInfo,
  readChainTip,
  readInfo,
  readMempoolEntry,
  readMempoolInfo,
  readNetTotals,
  readNetworkInfo,
  readOrphan,
  readZmqPublisher,
} from './read-answers';
import { readBtcdPeer, readCorePeer } from './read-peers';
import type { RpcClient } from './rpc-client';
import { RpcFailure } from './rpc-failure';
import type { NodeKind } from './rpc-ports';
import type { ZmqPublisher } from './zmq-places';

/** The node's code for a block that it does not have. */
const NO_SUCH_BLOCK = -5;

/**
 * The methods of a node, with one interface for btcd and Core. Each returns undefined if the node has no such
 * method or its user may not call it; the first call finds that out. Each throws RpcFailure if the call
 * fails.
 */
export class NodeCalls {
  private readonly refusedMethods = new Set<string>();

  /** @param onRefused called once for each method that the node refuses */
  constructor(
    readonly kind: NodeKind,
    private readonly client: RpcClient,
    private readonly onRefused: (method: string) => void = () => undefined,
  ) {}

  /** The methods that the node refuses, as far as they were called. */
  get refused(): readonly string[] {
    return [...this.refusedMethods];
  }

  /**
   * Lets all methods be called again, for example after a restart of the node: its user may have other rights
   * now.
   */
  forgetRefused(): void {
    this.refusedMethods.clear();
  }

  netTotals(): Promise<NetTotals | undefined> {
    return this.object('getnettotals', [], readNetTotals);
  }

  peers(): Promise<readonly NodePeer[] | undefined> {
    return this.list('getpeerinfo', [], this.kind === 'btcd' ? readBtcdPeer : readCorePeer);
  }

  mempoolInfo(): Promise<MempoolInfo | undefined> {
    return this.object('getmempoolinfo', [], readMempoolInfo);
  }

  /** The txids of the mempool. */
  async mempoolTxids(): Promise<ReadonlySet<Hash> | undefined> {
    let txids = new Set<Hash>();
    const count = await this.eachMempoolTxid(() => {
      txids = new Set();
      return (txid) => txids.add(txid);
    });
    return count === undefined ? undefined : txids;
  }

  /**
   * Gives every txid of the mempool as the answer comes, and returns how many they were. They count only when
   * it has returned. `begin` is called before each attempt.
   */
  async eachMempoolTxid(begin: () => (txid: Hash) => void): Promise<number | undefined> {
    let count = 0;
    const method = 'getrawmempool';
    return this.allowed(method, async () => {
      await this.client.callEach(method, [false], () => {
        count = 0;
        const take = begin();
        return (_, value) => {
          const txid = hashIn(value);
          if (txid === undefined) return;
          count += 1;
          take(txid);
        };
      });
      return count;
    });
  }

  /**
   * Gives every transaction of the mempool as the answer comes: at 200,000 transactions it is 100 MB, and a
   * node takes seconds over it. Returns how many they were. The transactions count only when it has
   * returned. `begin` is called before each attempt.
   */
  async mempoolEntries(begin: () => (entry: MempoolEntry) => void): Promise<number | undefined> {
    let count = 0;
    const method = 'getrawmempool';
    return this.allowed(method, async () => {
      await this.client.callEach(method, [true], () => {
        count = 0;
        const take = begin();
        return (key, value) => {
          const entry = readMempoolEntry(key, value);
          if (entry === undefined) return;
          count += 1;
          take(entry);
        };
      });
      return count;
    });
  }

  chainTips(): Promise<readonly ChainTip[] | undefined> {
    return this.list('getchaintips', [], readChainTip);
  }

  chainInfo(): Promise<ChainInfo | undefined> {
    return this.object('getblockchaininfo', [], readChainInfo);
  }

  /** A block and its txids; null where the node does not have it. */
  block(hash: Hash): Promise<NodeBlock | null | undefined> {
    return this.orNull(() => this.object('getblock', [displayOf(hash), 1], readBlock));
  }

  /** The bytes of a block; null where the node does not have it. */
  blockBytes(hash: Hash): Promise<Buffer | null | undefined> {
    const method = 'getblock';
    return this.orNull(() =>
      this.allowed(method, async () => {
        const bytes = bytesIn(await this.client.call(method, [displayOf(hash), 0]));
        if (bytes === undefined) throw this.odd(method, 'hexadecimal digits');
        return bytes;
      }),
    );
  }

  /** The header of a block; null where the node does not have it. */
  header(hash: Hash): Promise<NodeBlockHeader | null | undefined> {
    return this.orNull(() => this.object('getblockheader', [displayOf(hash), true], readBlockHeader));
  }

  /** The hash of the block at a height of the active chain; null where the chain is shorter. */
  hashAt(height: number): Promise<Hash | null | undefined> {
    const method = 'getblockhash';
    return this.orNull(() =>
      this.allowed(method, async () => {
        const hash = hashIn(await this.client.call(method, [height]));
        if (hash === undefined) throw this.odd(method, 'a hash');
        return hash;
      }),
    );
  }

  /** The header of a block, of any branch, as its bytes; null where the node does not have it. */
  wireHeader(hash: Hash): Promise<Header | null | undefined> {
    const method = 'getblockheader';
    return this.orNull(() =>
      this.allowed(method, async () => {
        const bytes = bytesIn(await this.client.call(method, [displayOf(hash), false]));
        if (bytes?.length !== HEADER_BYTES) throw this.odd(method, '160 hexadecimal digits');
        return parseHeader(bytes);
      }),
    );
  }

  /** The hash of the best block. */
  bestHash(): Promise<Hash | undefined> {
    const method = 'getbestblockhash';
    return this.allowed(method, async () => {
      const hash = hashIn(await this.client.call(method));
      if (hash === undefined) throw this.odd(method, 'a hash');
      return hash;
    });
  }

  /** The bytes of a transaction of the mempool; null where it is there no more. */
  transactionBytes(txid: Hash): Promise<Buffer | null | undefined> {
    const method = 'getrawtransaction';
    return this.orNull(() =>
      this.allowed(method, async () => {
        const bytes = bytesIn(await this.client.call(method, [displayOf(txid), 0]));
        if (bytes === undefined) throw this.odd(method, 'hexadecimal digits');
        return bytes;
      }),
    );
  }

  /** Seconds since the node's start. */
  uptime(): Promise<number | undefined> {
    const method = 'uptime';
    return this.allowed(method, async () => {
      const result = await this.client.call(method);
      if (typeof result === 'number' && Number.isFinite(result)) return result;
      throw this.odd(method, 'a number');
    });
  }

  /** The node in general: btcd's getinfo, which its limited user may call, or Core's getnetworkinfo. */
  networkInfo(): Promise<NetworkInfo | undefined> {
    return this.kind === 'btcd'
      ? this.object('getinfo', [], readInfo)
      : this.object('getnetworkinfo', [], readNetworkInfo);
  }

  /** The addresses that the node knows, by network. Core's alone. */
  addresses(): Promise<ReadonlyMap<string, AddressCounts> | undefined> {
    return this.object('getaddrmaninfo', [], readAddresses);
  }

  /** The number of addresses and subnets that the node has banned. Core's alone. */
  async banned(): Promise<number | undefined> {
    return (await this.list('listbanned', [], (entry) => entry))?.length;
  }

  /** The transactions that wait for their parents. Core's alone. */
  orphans(): Promise<readonly NodeOrphan[] | undefined> {
    return this.list('getorphantxs', [1], readOrphan);
  }

  /** What Core publishes by ZMQ, and where. Core's alone, where it was built with it. */
  zmqPublishers(): Promise<readonly ZmqPublisher[] | undefined> {
    return this.list('getzmqnotifications', [], readZmqPublisher);
  }

  private object<T>(
    method: string,
    params: readonly unknown[],
    read: (fields: Fields) => T | undefined,
  ): Promise<T | undefined> {
    return this.allowed(method, async () => {
      const fields = Fields.of(await this.client.call(method, params));
      const value = fields === undefined ? undefined : read(fields);
      if (value === undefined) throw this.odd(method, 'the object that it should be');
      return value;
    });
  }

  /** Entries that can't be read are left out. */
  private list<T>(
    method: string,
    params: readonly unknown[],
    read: (fields: Fields) => T | undefined,
  ): Promise<readonly T[] | undefined> {
    return this.allowed(method, async () => {
      const result = await this.client.call(method, params);
      if (!Array.isArray(result)) throw this.odd(method, 'a list');
      return result
        .map((entry) => {
          const fields = Fields.of(entry);
          return fields === undefined ? undefined : read(fields);
        })
        .filter((entry) => entry !== undefined);
    });
  }

  /** Calls a method unless the node has refused it. */
  private async allowed<T>(method: string, call: () => Promise<T>): Promise<T | undefined> {
    if (this.refusedMethods.has(method)) return undefined;
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof RpcFailure) || !this.isRefusal(error)) throw error;
      this.refusedMethods.add(method);
      this.onRefused(method);
      return undefined;
    }
  }

  /** Core's rpcwhitelist answers 403; its rpcallowip does so too, but then the node was never identified. */
  private isRefusal({ kind }: RpcFailure): boolean {
    return (
      ['not-permitted', 'unknown-method'].includes(kind) || (kind === 'forbidden' && this.kind === 'core')
    );
  }

  private async orNull<T>(call: () => Promise<T | undefined>): Promise<T | null | undefined> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof RpcFailure && this.isMissing(error)) return null;
      throw error;
    }
  }

  /** Codes for a block or a height that is not there: btcd -5 and -1, Core -5 and -8. */
  private isMissing({ code }: RpcFailure): boolean {
    return code === NO_SUCH_BLOCK || code === (this.kind === 'btcd' ? -1 : -8);
  }

  private odd(method: string, expected: string): RpcFailure {
    return this.client.failure('odd-answer', method, `does not answer with ${expected}`);
  }
}
