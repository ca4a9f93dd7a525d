import type { PanelLine } from '../panels/panel';
import type { AlertQuery } from './alert-query';

/**
 * How the node judges a group whose usual values it knows: by the group's own history, in addition to a fixed
 * number. The rules of Grafana and Prometheus can't choose between the two, so they have the fixed number
 * alone.
 */
export interface UsualRule {
  /** What is compared with the same hour of earlier weeks. */
  readonly line: PanelLine;
  /** The aggregate of so many minutes is compared. */
  readonly minutes: number;
  /** Like `condition` of the alert; `$U` is the usual value. */
  readonly condition: string;
  /** Like `measured` of the alert; `{U}` stands for the usual value. */
  readonly measured: string;
}

/** `critical` must wake somebody; `warning` can wait until the morning. */
export type Severity = 'critical' | 'warning';

/** Names of all alerts, as Prometheus has them. */
export type AlertName =
  | 'BtcdmonDown'
  | 'BtcdmonNoBlock'
  | 'BtcdmonReorganisation'
  | 'BtcdmonNoPeers'
  | 'BtcdmonFewPeers'
  | 'BtcdmonViolationSurge'
  | 'BtcdmonAddressSurge'
  | 'BtcdmonMempoolSurge'
  | 'BtcdmonPointsLost'
  | 'BtcdmonPointsDamaged'
  | 'BtcdmonPointsStuck'
  | 'BtcdmonLoopLag'
  | 'BtcdmonStall'
  | 'BtcdmonNodeUnreachable'
  | 'BtcdmonNodeBehind'
  | 'BtcdmonNodeFewPeers'
  | 'BtcdmonMempoolStuck'
  | 'BtcdmonRpcSlow'
  | 'BtcdmonBanScores';

/**
 * One alert. The node evaluates it itself (`holding`), and Grafana's rules are generated from it
 * (grafana/generator). Only its PromQL is elsewhere: grafana/generator/alert-promql.ts.
 */
export interface Alert {
  readonly name: AlertName;
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
  /** By letter. Each has one value for each group: a node on a network, or one of its exporters. */
  readonly queries: Readonly<Record<string, AlertQuery>>;
  /** On the values of the queries, such as `$A > 0 && $B <= 2 * $A`; see `parseCondition`. */
  readonly condition: string;
  /** State of the alert if the queries return nothing. */
  readonly noData: 'OK' | 'Alerting';
  /** Takes the place of the condition for a group whose history the node knows. */
  readonly usual?: UsualRule;
  /** The measured values, for the reason of a firing alert; `{A}` stands for the value of a query. */
  readonly measured: string;
}
