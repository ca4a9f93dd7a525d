import type { Block } from '../wire/block';
import list from './pools.json';

/** What a pool puts into the signature script of its coinbases. */
interface Tag {
  readonly bytes: Buffer;
  readonly pool: string;
}

/** The names of all pools that can be told: printable ASCII. */
export const POOL_NAMES: readonly string[] = list.pools.map(({ name }) => name);

/** In place of the name of a pool that can't be told. */
export const UNKNOWN_POOL = 'unknown';

/** The pools by the output scripts that their coinbases pay to, in hexadecimal digits. */
const BY_SCRIPT: ReadonlyMap<string, string> = new Map(
  list.pools.flatMap(({ name, scripts }) => scripts.map((script) => [script, name] as const)),
);

/** The longest first: `ckpool` is also a part of another pool's tag. */
const TAGS: readonly Tag[] = list.pools
  .flatMap(({ name, tags }) => tags.map((tag): Tag => ({ bytes: Buffer.from(tag), pool: name })))
  .sort((a, b) => b.bytes.length - a.bytes.length);

/** Bytes of the longest script of an address. */
const MAX_SCRIPT = 34;

/**
 * The mining pool that a block says it is from, by an output of its coinbase, or else by a tag in its
 * signature script; undefined if none is known. Anybody can write another's tag, or pay to another's address.
 */
export function minerOf(block: Block): string | undefined {
  const coinbase = block.transactions[0];
  if (coinbase === undefined) return undefined;
  for (const { script } of coinbase.outputs) {
    // No address has a longer script; a witness commitment has.
    if (script.length > MAX_SCRIPT) continue;
    const pool = BY_SCRIPT.get(script.toString('hex'));
    if (pool !== undefined) return pool;
  }
  const script = coinbase.inputs[0]?.sigScript;
  return script === undefined ? undefined : TAGS.find(({ bytes }) => script.includes(bytes))?.pool;
}
