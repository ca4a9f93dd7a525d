import { compileErrors } from './compile';

const SDK = '@grafana/grafana-foundation-sdk';

/**
 * What JSON has of a type of the SDK: the text of an enum's value in its place, and without the method that
 * marks queries. Numbers stay: the compiler knows which ones an enum has.
 */
const HEAD = `
import type { Dashboard } from '${SDK}/dashboard';
import type * as timeseries from '${SDK}/timeseries';
import type * as table from '${SDK}/table';
import type * as stat from '${SDK}/stat';
import type * as prometheus from '${SDK}/prometheus';
import type { InfluxDataquery } from '../../grafana/generator/targets';
type Json<T> = 0 extends 1 & T ? any
  : T extends string ? \`\${T}\`
  : T extends object ? { [K in keyof T as K extends '_implementsDataqueryVariant' ? never : K]: Json<T[K]> }
  : T;
type Marks = Json<InfluxDataquery> & { fromAnnotations: true; textEditor: true; titleColumn: string; textColumn: string };
`;

/** A value as JSON, and the type of HEAD that it must have. */
export interface Typed {
  readonly value: unknown;
  readonly type: string;
}

interface PanelJson {
  readonly type: string;
  readonly options: unknown;
  readonly fieldConfig: { readonly defaults: { readonly custom?: unknown } };
  readonly targets: readonly unknown[];
}

/**
 * The parts of a dashboard and their types: where a dashboard's type has any, as for a panel's options, the
 * part has its own.
 */
export function partsOf(dashboard: unknown): readonly Typed[] {
  const { panels, annotations } = dashboard as {
    panels: readonly PanelJson[];
    annotations: { list: readonly { target: { query?: string } }[] };
  };
  const queryType = (target: unknown): string =>
    Object.hasOwn(target as object, 'rawQuery') ? 'Json<InfluxDataquery>' : 'Json<prometheus.Dataquery>';
  return [
    { value: dashboard, type: 'Json<Dashboard>' },
    ...annotations.list.map(({ target }) => ({
      value: target,
      type: target.query === undefined ? 'Json<prometheus.Dataquery>' : 'Marks',
    })),
    ...panels.flatMap(({ type, options, fieldConfig, targets }) => [
      { value: options, type: `Json<${type}.Options>` },
      ...(type === 'stat' || fieldConfig.defaults.custom === undefined
        ? []
        : [{ value: fieldConfig.defaults.custom, type: `Json<${type}.FieldConfig>` }]),
      ...targets.map((target) => ({ value: target, type: queryType(target) })),
    ]),
  ];
}

/** What the compiler says of JSON by Grafana's types; names of properties that no type has are among it. */
export function complaints(parts: readonly Typed[]): readonly string[] {
  const source =
    HEAD +
    parts
      .map(({ value, type }, index) => `export const part${index}: ${type} = ${JSON.stringify(value)};`)
      .join('\n');
  return compileErrors(source);
}
