/** A query of an alert in InfluxQL; its answer has one value for each group. */
export interface InfluxQuery {
  /** InfluxQL with the macro `$timeFilter`, or with times of its own. */
  readonly text: string;
  /** The range of time before now that it looks at, in seconds. */
  readonly fromS: number;
  readonly toS: number;
}

/** Whether nobody may sleep or somebody should look in the morning. */
export type Severity = 'critical' | 'warning';

/** One alert, in both languages. */
export interface Alert {
  /** As in Prometheus: `BtcdmonNoBlock`. */
  readonly name: string;
  /** As in links: `no-block`. */
  readonly slug: string;
  readonly title: string;
  readonly severity: Severity;
  /** One line for whoever is called; `{node}` stands for the label. */
  readonly summary: string;
  /** Whole sentences: when it fires and what that means. */
  readonly meaning: string;
  /** What to do, in this order. */
  readonly steps: readonly string[];
  /** The panel to look at. */
  readonly panel: string;
  /** Minutes for which the condition must hold. */
  readonly forMinutes: number;
  readonly influx: {
    /** By their letters. */
    readonly queries: Readonly<Record<string, InfluxQuery>>;
    /** Over the queries' newest values, as `$A > 0`. */
    readonly condition: string;
    /** What no answer at all means. */
    readonly noData: 'OK' | 'Alerting';
  };
  /** PromQL that has a sample for each group that is at fault. */
  readonly promql: string;
}
