import { asciiLine } from '../../lib/ascii-line';
import { UsageError } from '../../lib/errors';
import { readNamedFile } from '../../lib/named-file';
import { AddressLabels, MAX_LABELS } from './address-labels';
import { readRange } from './read-range';

/** The most bytes of a list: about a million lines. */
const MAX_BYTES = 20_000_000;

/** Characters of a wrong line that an error shows. */
const MOST_SHOWN = 60;

/** A file of addresses, and the name that it gives them. */
export interface LabelFile {
  readonly name: string;
  readonly file: string;
}

/**
 * Reads lists of addresses: an address or a CIDR in each line; what stands behind a # is a comment. Several
 * lists may have the same name.
 * @throws UsageError of one line that names the file and the line, where one is wrong; FailureError where a
 *   file can't be read
 */
export async function openLabels(files: readonly LabelFile[]): Promise<AddressLabels> {
  const labels = new AddressLabels();
  if (new Set(files.map(({ name }) => name)).size > MAX_LABELS)
    throw new UsageError(`--label: there are more than ${MAX_LABELS} names; give several lists one name`);
  for (const { name, file } of files) {
    const what = `--label ${name}=${file}`;
    const { bytes } = await readNamedFile(file, { what, right: 'a list of addresses', maxBytes: MAX_BYTES });
    labels.place(name);
    let number = 0;
    for (const line of bytes.toString('utf8').split('\n')) {
      number += 1;
      const text = (line.split('#', 1)[0] ?? '').trim();
      if (text === '') continue;
      const range = readRange(text);
      if (range === null)
        throw new UsageError(
          `${what}: line ${number}: ${asciiLine(text, MOST_SHOWN)} is no address; give one such as 192.0.2.7, or a CIDR such as 192.0.2.0/24 or 2001:db8::/32`,
        );
      labels.add(name, range);
    }
  }
  return labels;
}
