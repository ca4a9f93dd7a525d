/** What the process of the peers is told first. Then it is told to start. */
export interface SoakOrder {
  /** How many peers there are. */
  readonly peers: number;
  /** Transactions a second that are new, and all items a second that each peer announces. */
  readonly tx: number;
  readonly inv: number;
  /** Whether each peer has transactions of its own. */
  readonly distinct: boolean;
  /** Seconds of the simulated day in a second, and how many it has. */
  readonly speed: number;
  readonly seconds: number;
}

/** What the process of the peers says first. */
export interface SoakPorts {
  readonly ports: readonly number[];
}

/** How far the simulated day is, which it says again and again. */
export interface SoakProgress {
  /** Seconds of the simulated day. */
  readonly time: number;
  readonly transactions: number;
  /** Inventory items. */
  readonly announced: number;
  readonly blocks: number;
  readonly blockBytes: number;
  /** Of all messages. */
  readonly bytes: number;
  readonly hangUps: number;
}
