/** The programs by which peers are counted. */
export const CLIENT_FAMILIES = ['core', 'btcd', 'knots', 'other'] as const;

export type ClientFamily = (typeof CLIENT_FAMILIES)[number];

/** The columns of a family: what its peers announced, and what they could have announced. */
export type FamilyColumn = ClientFamily | `${ClientFamily}_peers`;

/** What a peer of a family claims to be. */
export const FAMILY_NAMES: Readonly<Record<ClientFamily, string>> = {
  ...{ core: 'Bitcoin Core', btcd: 'btcd', knots: 'Bitcoin Knots', other: 'something else' },
};

/** A number for each family. */
export type FamilyCounts = Record<ClientFamily, number>;

/** Counts of zero. */
export function noFamilies(): FamilyCounts {
  return { core: 0, btcd: 0, knots: 0, other: 0 };
}

/**
 * The program that a peer claims to be by its user agent (BIP14): Core is `/Satoshi:VERSION/` and nothing
 * more, Knots adds `Knots:`, btcd adds `btcd:` to `/btcwire:VERSION/`.
 */
export function familyOf(userAgent: string): ClientFamily {
  if (/^\/Satoshi:[^/]*\/Knots:[^/]*\/$/.test(userAgent)) return 'knots';
  if (/^\/Satoshi:[^/]*\/$/.test(userAgent)) return 'core';
  return /^\/btcwire:[^/]*\/btcd:[^/]*\/$/.test(userAgent) ? 'btcd' : 'other';
}

/** How many peers of each family are connected, which are told apart by the ids of their connections. */
export class ConnectedFamilies {
  readonly counts = noFamilies();
  private readonly families = new Map<number, ClientFamily>();

  greeted(id: number, userAgent: string): void {
    if (this.families.has(id)) return;
    const family = familyOf(userAgent);
    this.families.set(id, family);
    this.counts[family] += 1;
  }

  left(id: number): void {
    const family = this.families.get(id);
    if (family === undefined) return;
    this.families.delete(id);
    this.counts[family] -= 1;
  }
}
