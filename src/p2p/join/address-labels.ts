import { UsageError } from '../../lib/errors';
import { type AddressList, openAddressList } from './address-lists';
import type { RawAddress } from './ip';

/** The most names: each has a gauge of its own in every interval. */
export const MAX_LABELS = 30;

/** A file of addresses, and the name that it gives them. */
export interface LabelFile {
  readonly name: string;
  readonly file: string;
}

/** Names for addresses, each from one or several lists. A look-up asks each list once. */
export class AddressLabels {
  private readonly lists: ReadonlyMap<string, readonly AddressList[]>;

  constructor(lists: Iterable<readonly [name: string, list: AddressList]>) {
    const byName = new Map<string, AddressList[]>();
    for (const [name, list] of lists) {
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [list]);
      else others.push(list);
    }
    this.lists = byName;
  }

  /** All names, in the order of the options. */
  get all(): readonly string[] {
    return [...this.lists.keys()];
  }

  /** The names of an address, in the same order. */
  of(address: RawAddress): readonly string[] {
    const found: string[] = [];
    for (const [name, lists] of this.lists) if (lists.some((list) => list.has(address))) found.push(name);
    return found;
  }
}

/**
 * Reads lists of addresses, as {@link openAddressList} does. Several lists may have the same name.
 * @throws UsageError of one line that names the file and the line, where one is wrong; FailureError where a
 *   file can't be read
 */
export async function openLabels(files: readonly LabelFile[]): Promise<AddressLabels> {
  if (new Set(files.map(({ name }) => name)).size > MAX_LABELS)
    throw new UsageError(`--label: there are more than ${MAX_LABELS} names; give several lists one name`);
  const lists: [string, AddressList][] = [];
  for (const { name, file } of files)
    lists.push([name, await openAddressList(`--label ${name}=${file}`, file)]);
  return new AddressLabels(lists);
}
