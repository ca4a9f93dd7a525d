import { COMMON_TAGS, SERIES_NAMES, seriesOf } from '../../metrics/schema';
import type { Handler } from '../exchange';
import { AGGREGATES } from '../../query/model';
import { readParams } from '../params';
import { sendJson } from '../reply';

/** `GET /api/series`: the schema, for tools that help to write a query. */
export const seriesHandler: Handler = ({ request, response, params }) => {
  readParams(params, []);
  const series = SERIES_NAMES.map((name) => {
    const { help, when, tags, columns } = seriesOf(name);
    return {
      ...{ name, help, when },
      tags: Object.entries({ ...COMMON_TAGS, ...tags }).map(([tag, { help: text }]) => ({
        name: tag,
        help: text,
      })),
      columns: Object.entries(columns).map(([column, { type, kind, unit, help: text }]) => ({
        ...{ name: column, type, kind, unit, help: text },
      })),
    };
  });
  return sendJson(request, response, { series, aggregates: AGGREGATES });
};
