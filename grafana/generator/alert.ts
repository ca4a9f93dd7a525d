/** An InfluxQL query of an alert; its answer has one value for each group. */
export interface InfluxQuery {
  /** InfluxQL with the macro `$timeFilter`, or with its own times. */
  readonly text: string;
  /** The period before now that it covers, in seconds. */
  readonly fromS: number;
  readonly toS: number;
}

/** `critical` must wake somebody; `warning` can wait until the morning. */
export type Severity = 'critical' | 'warning';

/** One alert, in both languages. */
export interface Alert {
  /** As in Prometheus: `BtcdmonNoBlock`. */
  readonly name: string;
  /** As in links: `no-block`. */
  readonly slug: string;
  readonly title: string;
  readonly severity: Severity;
  /** One line for the person who is notified; `{node}` stands for the label. */
  readonly summary: string;
  /** Whole sentences: when it fires and what that means. */
  readonly meaning: string;
  /** What to do, in this order. */
  readonly steps: readonly string[];
  /** The panel to look at. */
  readonly panel: string;
  /** How long the condition must hold, in minutes. */
  readonly forMinutes: number;
  readonly influx: {
    /** By letter. */
    readonly queries: Readonly<Record<string, InfluxQuery>>;
    /** On the newest values of the queries, such as `$A > 0`. */
    readonly condition: string;
    /** State of the alert if the queries return nothing. */
    readonly noData: 'OK' | 'Alerting';
  };
  /** PromQL that returns a sample for each group that fires. */
  readonly promql: string;
}
