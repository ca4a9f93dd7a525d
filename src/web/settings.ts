/** Where the page is served, and to whom. */
export interface HttpSettings {
  /** Address to listen on. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Whether somebody asked for it: what is there by default may fail without harm. */
  readonly given: boolean;
  /** What a visitor must know; null where everybody who can connect may look. */
  readonly token: string | null;
  /** Further names, `name` or `name:port`, by which visitors may come: of a proxy. Lower case. */
  readonly names: readonly string[];
  /** Addresses and networks of proxies that are trusted to say for whom they ask; none by default. */
  readonly proxies?: readonly string[];
}
