import { readNamedFile } from '../lib/named-file';

/** More than any configuration of a node has. */
const MAX_CONF_BYTES = 1_000_000;

/** A setting of a configuration. */
interface Setting {
  /** The heading above it, in lower case; '' before the first heading. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/**
 * The settings of a `btcd.conf` or `bitcoin.conf`, which are lines `key=value` below headings `[section]`.
 */
export class ConfFile {
  constructor(private readonly settings: readonly Setting[]) {}

  /** The value of a setting in any section, or undefined. btcd has one section, and its last line wins. */
  last(key: string): string | undefined {
    return this.settings.findLast((setting) => setting.key === key)?.value;
  }

  /**
   * The value of a setting of Core, or undefined. Its first line wins, and one in the section of the network
   * wins over one before all sections (`src/common/settings.cpp`).
   * @param isGlobal whether a line before all sections counts
   */
  first(key: string, section: string, isGlobal = true): string | undefined {
    const named = (place: string): string | undefined =>
      this.settings.find((setting) => setting.section === place && setting.key === key)?.value;
    return named(section) ?? (isGlobal ? named('') : undefined);
  }

  /** Whether a setting is on: `key=1`, `key=true` or `key` alone. */
  isOn(key: string): boolean {
    return isOn(this.last(key));
  }
}

/** Whether the value of a setting means yes. A key without a value does. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && ['', '1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}

/**
 * Reads a configuration. A line that is no setting is ignored, because this is another program's file.
 * @param hasTrailingComments whether a `#` begins a comment within a line, as in Core's file
 */
export function parseConf(text: string, hasTrailingComments: boolean): ConfFile {
  const settings: Setting[] = [];
  let section = '';
  for (const whole of text.split(/\r?\n/)) {
    const line = (hasTrailingComments ? whole.replace(/#.*$/, '') : whole).trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const heading = /^\[([^\]]*)\]$/.exec(line)?.[1];
    if (heading !== undefined) {
      section = heading.trim().toLowerCase();
      continue;
    }
    const [, name = '', value = ''] = /^([^=:\s]+)\s*(?:[=:]\s*(.*))?$/.exec(line) ?? [];
    if (name === '') continue;
    // Core also writes the section before the key: `test.rpcport=1`.
    const [, before, key = name] = /^([a-z0-9]+)\.(.+)$/i.exec(name) ?? [];
    settings.push({
      section: before?.toLowerCase() ?? section,
      key: key.toLowerCase(),
      value: unquoted(value),
    });
  }
  return new ConfFile(settings);
}

/** A value without the quotes that Go's reader accepts around it. */
function unquoted(value: string): string {
  if (!/^".*"$/.test(value)) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}

/**
 * Reads the file of a configuration.
 * @param what the file as errors name it
 * @throws UsageError where it is no file; FailureError where it can't be read
 */
export async function readConf(file: string, what: string, hasTrailingComments: boolean): Promise<ConfFile> {
  const right = 'the configuration of a node';
  const { bytes } = await readNamedFile(file, { what, right, maxBytes: MAX_CONF_BYTES });
  return parseConf(bytes.toString('utf8'), hasTrailingComments);
}
