import { displayOf, type Hash, wireHash } from '../wire/hash';

/** Names that are kept of each kind: as many as connections can be open. */
const MOST = 20_000;

/** A block that joined the best chain in a former run. */
export interface FormerBlock {
  readonly hash: Hash;
  readonly height: number;
}

/** Names that came with facts from disk, by the numbers of connections and blocks. Its memory is bounded. */
export class FormerNames {
  private readonly peers = new Map<number, string>();
  private readonly blocks = new Map<number, FormerBlock>();

  peerNamed(number: number, address: string): void {
    note(this.peers, number, address);
  }

  blockNamed(number: number, text: string): void {
    const [hash = '', height] = text.split(' ');
    note(this.blocks, number, { hash: wireHash(hash), height: Number(height) });
  }

  /** The address of a connection; undefined where it is not known. */
  peer(number: number): string | undefined {
    return this.peers.get(number);
  }

  /** A block that joined the best chain; undefined where it is not known. */
  block(number: number): FormerBlock | undefined {
    return this.blocks.get(number);
  }
}

/** A block that joined the best chain, as {@link FormerNames.blockNamed} reads it. */
export function nameOfBlock({ hash, height }: FormerBlock): string {
  return `${displayOf(hash)} ${height}`;
}

function note<T>(map: Map<number, T>, number: number, value: T): void {
  map.delete(number);
  map.set(number, value);
  const [oldest] = map.keys();
  if (map.size > MOST && oldest !== undefined) map.delete(oldest);
}
