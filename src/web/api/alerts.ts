import type { AlertFeed, AlertsReport } from '../../alerts/report';
import type { Handler } from '../exchange';
import { readParams } from '../params';
import { send, sendJson } from '../reply';

/** A store that is only shown has nothing that evaluates alerts. */
const NONE: AlertsReport = {
  evaluatedMs: null,
  problem: 'no node runs here that evaluates alerts; `btcdmon-node alerts` evaluates them on this store',
  alerts: [],
};

/** `GET /api/alerts`: the state of each alert, those that fire first. */
export function alertsHandler(alerts: AlertFeed | undefined): Handler {
  return async ({ request, response, params }) => {
    readParams(params, []);
    await sendJson(request, response, alerts?.report() ?? NONE);
  };
}

/**
 * `GET /healthz`, for whatever supervises the process: everybody may ask, and it names no node and no place.
 * Status 503 if the process is not ready.
 */
export function healthHandler(alerts: AlertFeed | undefined): Handler {
  return async ({ request, response, params }) => {
    readParams(params, []);
    const { ready, reasons } = alerts?.health() ?? { ready: true, reasons: [] };
    await send(request, response, {
      status: ready ? 200 : 503,
      type: 'application/json',
      body: `${JSON.stringify({ live: true, ready, reasons })}\n`,
    });
  };
}
