import { Api } from './api';
import { ClockNote } from './clock-note';
import { Head } from './head';
import { LiveLink } from './live-link';
import { NodeView } from './node-view';
import { Now } from './now';
import { Panels } from './panels';
import { QueryBox } from './query-box';
import { Refresher, retryAfterMs } from './refresher';
import { byId } from './dom';
import { themeSwitch } from './theme';
import { Toolbar } from './toolbar';
import type { Info, Status } from './api-types';
import { type View, fitted, readView, refreshEveryMs, writeView } from './view';

/** Time between two updates of the lists of nodes and networks. */
const INFO_EVERY_MS = 60_000;

/** Peers of a watched node come once a minute, its health every 5 s. */
const NODE_EVERY_MS = 10_000;
const NODE_TICK_MS = 500;

/** Wires the page. */
function start(): void {
  let view: View = readView(location.search);
  let clockAheadMs = 0;
  let info: Info | null = null;
  let newestMs: number | null = null;
  const now = (): number => Date.now() + clockAheadMs;
  const head = new Head();
  const api = new Api({ onSignedOut: () => head.setLink('signed-out') });
  const change = (changes: Partial<View>): void => {
    view = { ...view, ...changes };
    history.pushState(null, '', addressOf(view));
    follow();
  };
  const toolbar = new Toolbar({ view: () => view, change });
  const watchedNode = (): string | null => {
    const watched = info?.watched ?? [];
    return watched.find((name) => name === view.node) ?? watched[0] ?? null;
  };
  const nodeView = new NodeView({ api, node: watchedNode, newestMs: () => newestMs, now });
  const nodeRefresher = keepUpToDate(nodeView, () => (view.live ? NODE_EVERY_MS : null));
  /** Until the first look at the store is over, nothing is known of its newest point. */
  const take = (status: Status): void => {
    if (status.newestMs === null) return;
    const isFirst = newestMs === null;
    newestMs = status.newestMs;
    if (isFirst) nodeRefresher.hurry();
  };
  const panels = new Panels(
    {
      api,
      view: () => view,
      onZoom: (fromMs, toMs) => change({ range: { fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) } }),
      hasSeveral: () => (info?.nodes.length ?? 0) > 1,
    },
    nodeView.element,
  );
  const clockNote = new ClockNote({ api, view: () => view });
  const box = new QueryBox({
    api,
    node: () => ((info?.nodes.length ?? 0) > 1 ? (view.node ?? info?.shows ?? null) : null),
  });
  const moment = new Now(now);
  const follow = (): void => {
    toolbar.show();
    if (info !== null) toolbar.offer(info);
    head.setFollowing(view.live);
    panels.onView();
    nodeRefresher.invalidate();
    void clockNote.load();
  };
  addEventListener('popstate', () => {
    view = readView(location.search);
    follow();
  });
  byId('theme', 'span').append(
    themeSwitch(() => {
      panels.recolour();
      box.recolour();
    }),
  );

  let wasLost = false;
  const link = new LiveLink({
    open: () => new EventSource('/api/live'),
    wantsToken: async () => {
      const { status } = await fetch('/api/info', { cache: 'no-store' }).catch(() => ({ status: 0 }));
      return status === 401;
    },
    onState: (state) => {
      head.setLink(state);
      if (state === 'lost') wasLost = true;
      if (state !== 'open' || !wasLost) return;
      wasLost = false;
      panels.hurry();
    },
    onMessage: (kind, message) => {
      if (kind === 'status' && 'nowMs' in message) {
        clockAheadMs = message.nowMs - Date.now();
        take(message);
        head.setStatus(message);
      }
      moment.take(kind, message);
      if (kind === 'block' && refreshEveryMs(view) !== null) panels.hurry();
    },
  });
  link.start();
  addEventListener('online', () => link.hurry());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) link.hurry();
  });

  const offer = (offered: Info): void => {
    info = offered;
    take(offered);
    toolbar.offer(offered);
    panels.offer(offered);
  };
  void untilDone(async () => {
    const offered = await api.info();
    view = fitted(view, location.search, offered);
    history.replaceState(null, '', addressOf(view));
    offer(offered);
    follow();
    await panels.open();
  });
  void untilDone(() => box.open());
  setInterval(() => void api.info().then(offer, () => undefined), INFO_EVERY_MS);
}

/** Loads the section of the watched node while it is in sight. */
function keepUpToDate(nodeView: NodeView, everyMs: () => number | null): Refresher<NodeView> {
  const refresher = new Refresher<NodeView>({ atOnce: 1, everyMs, now: () => Date.now() });
  refresher.add(nodeView);
  new IntersectionObserver((entries) => {
    for (const { isIntersecting } of entries) refresher.setVisible(nodeView, isIntersecting);
  }).observe(nodeView.element);
  setInterval(() => {
    if (!document.hidden) refresher.tick();
  }, NODE_TICK_MS);
  return refresher;
}

/** The address of a view, at the section that is shown now. */
function addressOf(view: View): string {
  return location.pathname + writeView(view) + location.hash;
}

/**
 * Repeats a job until it succeeds, with growing delays. The event stream reports meanwhile that the node does
 * not answer.
 */
async function untilDone(job: () => Promise<void>): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      await job();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs(failures)));
    }
  }
}

start();
