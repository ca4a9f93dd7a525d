import { compileErrors } from './compile';

const SDK = '@grafana/grafana-foundation-sdk';

/**
 * The JSON form of a type of the SDK: an enum becomes the text of its value, and the method that marks
 * queries is dropped. Numbers stay: the compiler knows which ones an enum has.
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

/** A JSON value, and the type of HEAD that it must have. */
export interface TypedJson {
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
 * The parts of a dashboard and their types. Where a dashboard's type allows anything, as for a panel's
 * options, the part has a type of its own.
 */
export function partsOf(dashboard: unknown): readonly TypedJson[] {
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

/**
 * The compiler's errors for JSON values and Grafana's types. Properties that no type has are errors as well.
 */
export function complaints(parts: readonly TypedJson[]): readonly string[] {
  const source =
    HEAD +
    parts
      .map(({ value, type }, index) => `export const part${index}: ${type} = ${JSON.stringify(value)};`)
      .join('\n');
  return compileErrors(source);
}
