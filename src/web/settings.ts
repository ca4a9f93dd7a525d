/** Address of the page, and who may see it. */
export interface HttpSettings {
  /** Address to listen on. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Whether the user asked for the page. The default page may fail without ending the node. */
  readonly given: boolean;
  /** What a visitor must know; null if everybody who can connect may look. */
  readonly token: string | null;
  /** Further host names, `name` or `name:port`, that visitors may use, such as a proxy's. Lower case. */
  readonly names: readonly string[];
  /** Addresses and networks of proxies that are trusted to name their clients; none by default. */
  readonly proxies?: readonly string[];
}
