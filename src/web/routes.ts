import type { AlertFeed } from '../alerts/report';
import { RUNBOOKS_PATH } from '../alerts/runbook';
import { type About, infoHandler, statusOf } from './api/info';
import { alertsHandler, healthHandler } from './api/alerts';
import { chainHandler } from './api/chain';
import { feedHandler } from './api/feed';
import { LiveStreams } from './api/live';
import { PANELS_PATH, panelHandler, panelsHandler } from './api/panels';
import { peerHandler } from './api/peer';
import { type Answering, queryHandler } from './api/query';
import { seriesHandler } from './api/series';
import { whyHandler } from './api/why';
import type { LiveWhyAnswers } from '../why/live-why';
import { type Asset, sendAsset } from './assets';
import type { Warn } from '../lib/token-attempts';
import type { Route } from './exchange';
import type { TokenGuard } from './token-guard';
import { HttpError } from './http-error';
import { loginRoutes } from './login';
import { runbooksHandler } from './runbooks';
import type { RouterModules } from './router';

export interface SiteModules extends About, Answering {
  readonly alerts?: AlertFeed | undefined;
  readonly why?: LiveWhyAnswers | undefined;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly guard: TokenGuard;
  readonly warn: Warn;
}

/** Every path of the server, and a function that ends its streams. */
export function siteOf(modules: SiteModules): Pick<RouterModules, 'routes' | 'named'> & { close(): void } {
  const { assets, guard, warn } = modules;
  const { alerts, live } = modules;
  const streams = new LiveStreams({ alerts, live, status: () => statusOf(modules), warn });
  const panel = panelHandler(modules);
  const routes = new Map<string, Route>([
    ['/', { access: 'page', GET: fileHandler(assets.get('index.html')) }],
    ['/api/info', { access: 'api', GET: infoHandler(modules) }],
    ['/api/series', { access: 'api', GET: seriesHandler }],
    ['/api/query', { access: 'api', POST: queryHandler(modules) }],
    ['/api/why', { access: 'api', GET: whyHandler(modules) }],
    ['/api/alerts', { access: 'api', GET: alertsHandler(alerts) }],
    ['/feed.xml', { access: 'api', GET: feedHandler(modules) }],
    [RUNBOOKS_PATH, { access: 'all', GET: runbooksHandler }],
    ['/healthz', { access: 'all', GET: healthHandler(alerts) }],
    ['/api/live', { access: 'api', GET: streams.handler((request) => guard.stillAllows(request)) }],
    ['/api/peer', { access: 'api', GET: peerHandler(live) }],
    ['/api/chain', { access: 'api', GET: chainHandler(live) }],
    [PANELS_PATH, { access: 'api', GET: panelsHandler }],
    ...loginRoutes(guard, assets.get('login.html')),
  ]);
  // Except the HTML pages: the other files are in the package and are no secret, so everybody may load them.
  for (const [name, asset] of assets)
    if (!name.endsWith('.html')) routes.set(`/assets/${name}`, { access: 'all', GET: fileHandler(asset) });
  return {
    routes,
    named: { path: `${PANELS_PATH}/`, route: (name) => ({ access: 'api', GET: panel(name) }) },
    close: () => streams.close(),
  };
}

function fileHandler(asset: Asset | undefined): Route['GET'] & {} {
  return ({ request, response }) => {
    if (asset === undefined)
      throw new HttpError(404, 'the page is not in this package; the API is at /api/info');
    sendAsset(request, response, asset);
  };
}
