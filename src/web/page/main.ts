import { Api } from './api';
import { ChainView } from './chain-view';
import { ClockNote } from './clock-note';
import { Head } from './head';
import { type Found, Jump } from './jump';
import { LiveLink } from './live-link';
import { NodeView } from './node-view';
import { Now } from './now';
import { Panels } from './panels';
import { QueryBox } from './query-box';
import { findLink, whyLink } from './place';
import { type Refreshed, Refresher, retryAfterMs } from './refresher';
import { searchOf } from './search';
import { byId } from './dom';
import { storedBlocks } from './stored-blocks';
import { Tabs } from './tabs';
import { themeSwitch } from './theme';
import { Toolbar } from './toolbar';
import { VerdictStrip } from './verdict-strip';
import { WhyView } from './why-view';
import type { Info, Status } from './api-types';
import { type StoreTimes, type View, fitted, readView, refreshEveryMs, writeView } from './view';

/** Time between two updates of the lists of nodes and networks. */
const INFO_EVERY_MS = 60_000;

/** Peers of a watched node come once a minute, its health every 5 s. */
const NODE_EVERY_MS = 10_000;

/** The tree of the chain and the time of its blocks. */
const CHAIN_EVERY_MS = 10_000;
const TICK_MS = 500;

/** Wires the page. */
function start(): void {
  let view: View = readView(location.search);
  let clockAheadMs = 0;
  let info: Info | null = null;
  let oldestMs: number | null = null;
  let newestMs: number | null = null;
  const now = (): number => Date.now() + clockAheadMs;
  const times = (): StoreTimes => ({ oldestMs, newestMs, nowMs: now(), live: info?.live ?? true });
  const head = new Head();
  const verdicts = new VerdictStrip();
  const api = new Api({ onSignedOut: () => head.setLink('signed-out') });
  const change = (changes: Partial<View>): void => {
    view = { ...view, ...changes };
    history.pushState(null, '', addressOf(view));
    follow();
  };
  const toolbar = new Toolbar({ view: () => view, change, times });
  /** The view with the network that is shown if none is chosen. A chosen node is shown on all of its own. */
  const shown = (): View =>
    view.network !== null || view.node !== null || (info?.networks.length ?? 0) < 2
      ? view
      : { ...view, network: info?.showsNetwork ?? null };
  const watchedNode = (): string | null => {
    const watched = info?.watched ?? [];
    return watched.find((name) => name === view.node) ?? watched[0] ?? null;
  };
  const nodeView = new NodeView({ api, node: watchedNode, newestMs: () => newestMs, now });
  const nodeRefresher = keepUpToDate(nodeView, () => (view.live ? NODE_EVERY_MS : null));
  const chainView = new ChainView({
    ...{ api, view: shown, times, now },
    isLive: () => info?.live ?? false,
    node: () => info?.node ?? null,
  });
  const chainRefresher = keepUpToDate(chainView, () => (view.live ? CHAIN_EVERY_MS : null));
  /** Until the first look at the store is over, nothing is known of its newest point. */
  const take = (status: Status): void => {
    if (status.newestMs === null) return;
    const isFirst = newestMs === null;
    ({ oldestMs, newestMs } = status);
    if (isFirst) nodeRefresher.hurry();
  };
  let opening: Promise<void> | null = null;
  const tabs: Tabs = new Tabs((place) => {
    panels.show(place);
    if (place.tab === 'why') why.show(place.find);
    if (place.tab !== 'query') return;
    opening ??= untilDone(() => box.open());
    const { find } = place;
    if (find !== null) void opening.then(() => box.search(find));
  });
  const panels: Panels = new Panels(
    {
      ...{ api, tabs, times },
      view: shown,
      onZoom: (fromMs, toMs) => change({ range: { fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) } }),
      hasSeveral: () => (info?.nodes.length ?? 0) > 1,
      peers: () => (info?.live === true ? moment.peerCount : null),
    },
    { node: nodeView.element, chain: chainView.element },
  );
  const clockNote = new ClockNote({ api, view: shown, times });
  const box: QueryBox = new QueryBox({
    api,
    node: () => ((info?.nodes.length ?? 0) > 1 ? (view.node ?? info?.shows ?? null) : null),
  });
  const why: WhyView = new WhyView(api);
  const moment = new Now(now, api);
  new Jump((text) => [...foundIn(text), ...panels.find(text)]);
  for (const id of ['now', 'query', 'why']) {
    const [section, item] = [byId(id, 'section'), byId(`nav-${id}`, 'li')];
    tabs.add(id, { section, item });
  }
  tabs.show();
  // On a phone the pictures come first; the tables of the same are opened by who wants them.
  if (matchMedia('(max-width: 640px)').matches)
    for (const id of ['last-blocks', 'last-transactions'])
      byId(id, 'div').closest('details')?.removeAttribute('open');
  byId('skip', 'a').addEventListener('click', (event) => {
    // The address keeps its tab.
    event.preventDefault();
    byId('main', 'main').focus();
  });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    document.querySelector<HTMLAnchorElement>('.panel.alone .tool.large')?.click();
  });
  const follow = (): void => {
    toolbar.show();
    if (info !== null) toolbar.offer(info);
    head.setFollowing(view.live);
    panels.onView();
    nodeRefresher.invalidate();
    chainRefresher.invalidate();
    void clockNote.load();
  };
  addEventListener('popstate', () => {
    // The browser tells of another tab in the same way.
    const before = writeView(view);
    view = readView(location.search);
    if (writeView(view) !== before) follow();
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
      chainRefresher.hurry();
    },
    onMessage: (kind, message) => {
      if (kind === 'status' && 'nowMs' in message) {
        clockAheadMs = message.nowMs - Date.now();
        take(message);
        head.setStatus(message);
        verdicts.setLive(message.live);
      }
      if (kind === 'health' && 'verdicts' in message) {
        head.setVerdicts(message.verdicts);
        verdicts.show(message.verdicts);
      }
      moment.take(kind, message);
      if (kind === 'block' && view.live) chainRefresher.hurry();
      if (kind === 'block' && refreshEveryMs(view, times()) !== null) panels.hurry();
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
    const [offered, list] = await Promise.all([api.info(), api.panels()]);
    view = fitted(view, location.search, offered);
    history.replaceState(null, '', addressOf(view));
    verdicts.setLive(offered.live);
    if (!offered.live) tabs.setFirst(offered.watched.length > 0 ? 'node' : 'chain');
    offer(offered);
    follow();
    if (offered.live && offered.node !== null) {
      const { node } = offered;
      void untilDone(async () => moment.takeStored(await storedBlocks(api, node)));
    }
    panels.open(list);
  });
  setInterval(() => void api.info().then(offer, () => undefined), INFO_EVERY_MS);
}

/** Loads a section of the page while it is in sight. */
function keepUpToDate<T extends Refreshed & { readonly element: HTMLElement }>(
  section: T,
  everyMs: () => number | null,
): Refresher<T> {
  const refresher = new Refresher<T>({ atOnce: 1, everyMs, now: () => Date.now() });
  refresher.add(section);
  new IntersectionObserver((entries) => {
    for (const { isIntersecting } of entries) refresher.setVisible(section, isIntersecting);
  }).observe(section.element);
  setInterval(() => {
    if (!document.hidden) refresher.tick();
  }, TICK_MS);
  return refresher;
}

/** What a text names: a transaction, a block or a peer. */
function foundIn(text: string): readonly Found[] {
  const search = searchOf(text);
  return search === null
    ? []
    : [
        { title: search.what, hint: 'what is known of it', href: whyLink(text.trim()) },
        { title: search.what, hint: 'in the store', href: findLink(text) },
      ];
}

/** The address of a view, at the place that is shown now. */
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
