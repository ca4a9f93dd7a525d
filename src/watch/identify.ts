import { NETWORKS, NETWORK_NAMES, type NetworkName } from '../wire/networks';
import { networkOfChain } from './data-folders';
import { Fields } from './fields';
import { NodeCalls } from './node-calls';
import type { RpcClient } from './rpc-client';
import { RpcFailure, isOfOneCall } from './rpc-failure';
import { type NodeKind, PROGRAM } from './rpc-ports';

/** A node whose kind, network and rights are known. */
export interface IdentifiedNode {
  readonly kind: NodeKind;
  readonly calls: NodeCalls;
  /** As a number: 260000 is btcd 0.26.0, 310000 is Core 31.0. */
  readonly version: number | undefined;
}

/**
 * Finds out which kind of node answers, on which network it is, and which methods its user may call. One line
 * of the log names the methods that the user may not call.
 * @param network the listener's
 * @throws RpcFailure of the kind `other-network`, which names both networks, if the node is on another one;
 * of any other kind if the node can't be asked
 */
export async function identifyNode(
  client: RpcClient,
  network: NetworkName,
  warn: (message: string) => void,
): Promise<IdentifiedNode> {
  const magic = await btcdMagic(client);
  const kind = magic === undefined ? 'core' : 'btcd';
  const found = magic === undefined ? await coreNetwork(client) : networkOfMagic(magic);
  if (found.name !== network)
    throw client.failure(
      'other-network',
      magic === undefined ? 'getblockchaininfo' : 'getcurrentnet',
      `is on ${found.shown}, and the listener on ${network}; watch a node of ${network}, or listen with --network ${found.name ?? 'of the node'}`,
    );
  const calls = new NodeCalls(kind, client);
  const info = await unlessOfOneCall(() => calls.networkInfo());
  await probe(calls);
  sayRefused(client, calls, warn);
  return { kind, calls, version: info?.version };
}

/** A network, or the node's name for one that the listener does not know. */
interface FoundNetwork {
  readonly name: NetworkName | undefined;
  readonly shown: string;
}

/** The magic of btcd's network; undefined for another node, as getcurrentnet is btcd's alone. */
async function btcdMagic(client: RpcClient): Promise<number | undefined> {
  const method = 'getcurrentnet';
  try {
    const magic = await client.call(method);
    if (typeof magic === 'number') return magic;
    throw client.failure('odd-answer', method, 'does not answer with a number; is it the RPC of a node?');
  } catch (error) {
    // A user of Core with a rpcwhitelist gets 403 for every method outside of it.
    if (error instanceof RpcFailure && ['unknown-method', 'forbidden'].includes(error.kind)) return undefined;
    throw error;
  }
}

function networkOfMagic(magic: number): FoundNetwork {
  const name = NETWORK_NAMES.find((network) => NETWORKS[network].magic === magic);
  return {
    name,
    shown: name ?? `a network that is not known (magic ${magic.toString(16).padStart(8, '0')})`,
  };
}

async function coreNetwork(client: RpcClient): Promise<FoundNetwork> {
  const method = 'getblockchaininfo';
  const chain = Fields.of(await client.call(method))?.text('chain', 32);
  if (chain === undefined)
    throw client.failure('odd-answer', method, 'does not answer with a chain; is it the RPC of a node?');
  const name = networkOfChain(chain);
  return { name, shown: name ?? `a network that is not known (${JSON.stringify(chain)})` };
}

/**
 * Calls once each useful method that a limited user may not call. One that fails for another reason is asked
 * again when it is needed.
 */
async function probe(calls: NodeCalls): Promise<void> {
  const methods: (() => Promise<unknown>)[] = [
    () => calls.netTotals(),
    () => calls.peers(),
    () => calls.mempoolInfo(),
    () => calls.chainInfo(),
    () => calls.chainTips(),
    () => calls.uptime(),
  ];
  if (calls.kind === 'core')
    methods.push(
      () => calls.addresses(),
      () => calls.orphans(),
      () => calls.banned(),
    );
  for (const call of methods) await unlessOfOneCall(call);
}

/** The answer to a call; undefined where this call alone fails. */
async function unlessOfOneCall<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isOfOneCall(error)) return undefined;
    throw error;
  }
}

function sayRefused(client: RpcClient, { kind, refused }: NodeCalls, warn: (message: string) => void): void {
  if (refused.length === 0) return;
  const remedy =
    kind === 'btcd'
      ? 'rpclimituser may not call all methods, rpcuser may; an older btcd lacks some'
      : 'a rpcwhitelist must name them; an older version lacks some';
  const { message } = client.failure(
    'not-permitted',
    refused.join(', '),
    `${PROGRAM[kind]} does not answer them to this user, so that what they tell is left out; ${remedy}`,
  );
  warn(message);
}
