/** The part of the page that is shown: a tab, and a panel in it. It is what the address has after `#`. */
export interface Place {
  readonly tab: string;
  /** The panel in the address; null if there is none. */
  readonly panel: string | null;
  /** Whether that panel has the tab for itself. */
  readonly isAlone: boolean;
  /** What is asked for: a hash, a height or a peer; null for nothing. */
  readonly find: string | null;
}

/** What can be shown. */
export interface Places {
  readonly tabs: ReadonlySet<string>;
  /** The tab of each panel. */
  readonly tabOf: ReadonlyMap<string, string>;
}

const PANEL = 'panel-';
const ALONE = 'alone-';
/**
 * The parts of an address that ask for something, and the tabs that show it: a statement, or everything that
 * is known about an object.
 */
const ASKING = [
  { prefix: 'find-', of: 'query' },
  { prefix: 'why-', of: 'why' },
] as const;
const [FIND, WHY] = ASKING;

/** Reads a place from the part of an address after `#`; null if there is no such place. */
export function readPlace(hash: string, { tabs, tabOf }: Places): Place | null {
  const name = hash.replace(/^#/, '');
  if (tabs.has(name)) return { tab: name, panel: null, isAlone: false, find: null };
  for (const { prefix, of } of ASKING)
    if (name.startsWith(prefix) && tabs.has(of))
      return { tab: of, panel: null, isAlone: false, find: decoded(name.slice(prefix.length)) };
  for (const prefix of [PANEL, ALONE]) {
    const panel = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    const tab = tabOf.get(panel);
    if (tab !== undefined) return { tab, panel, isAlone: prefix === ALONE, find: null };
  }
  return null;
}

/** The link to a panel among the others of its tab, or to the panel alone. */
export function panelLink(name: string, isAlone = false): string {
  return `#${isAlone ? ALONE : PANEL}${name}`;
}

/** The link that looks for a hash, a height or a peer in the store. */
export function findLink(text: string): string {
  return `#${FIND.prefix}${encodeURIComponent(text)}`;
}

/** The link to everything that is known of a hash, a height or a peer. */
export function whyLink(text: string): string {
  return `#${WHY.prefix}${encodeURIComponent(text)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
