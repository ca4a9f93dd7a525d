/** The first message to the process of the peers. The second message tells it to start. */
export interface SoakOrder {
  /** The number of peers. */
  readonly peers: number;
  /** New transactions a second, and inventory items a second that each peer announces. */
  readonly tx: number;
  readonly inv: number;
  /** Whether each peer has transactions of its own. */
  readonly distinct: boolean;
  /** Simulated seconds that pass in a real second, and the length of the simulated day in seconds. */
  readonly speed: number;
  readonly seconds: number;
}

/** The first message of the process of the peers. */
export interface SoakPorts {
  readonly ports: readonly number[];
}

/** The progress of the simulated day. The process of the peers sends it several times a second. */
export interface SoakProgress {
  /** Simulated seconds that have passed. */
  readonly time: number;
  readonly transactions: number;
  /** Inventory items. */
  readonly announced: number;
  readonly blocks: number;
  readonly blockBytes: number;
  /** The size of all messages. */
  readonly bytes: number;
  readonly hangUps: number;
}
