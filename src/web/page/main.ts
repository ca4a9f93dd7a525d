import { Api } from './api';
import { ClockNote } from './clock-note';
import { Head } from './head';
import { LiveLink } from './live-link';
import { Now } from './now';
import { Panels } from './panels';
import { QueryBox } from './query-box';
import { retryAfterMs } from './refresher';
import { byId } from './dom';
import { themeSwitch } from './theme';
import { Toolbar } from './toolbar';
import { type View, fitted, readView, refreshEveryMs, writeView } from './view';

/** Time between two updates of the lists of nodes and networks. */
const INFO_EVERY_MS = 60_000;

/** Wires the page. */
function start(): void {
  let view: View = readView(location.search);
  let clockAheadMs = 0;
  const now = (): number => Date.now() + clockAheadMs;
  const head = new Head();
  const api = new Api({ onSignedOut: () => head.setLink('signed-out') });
  const change = (changes: Partial<View>): void => {
    view = { ...view, ...changes };
    history.pushState(null, '', addressOf(view));
    follow();
  };
  const toolbar = new Toolbar({ view: () => view, change });
  const panels = new Panels({
    api,
    view: () => view,
    onZoom: (fromMs, toMs) => change({ range: { fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) } }),
  });
  const clockNote = new ClockNote({ api, view: () => view });
  const box = new QueryBox(api);
  const moment = new Now(now);
  const follow = (): void => {
    toolbar.show();
    head.setFollowing(view.live);
    panels.onView();
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

  const offer = async (): Promise<void> => toolbar.offer(await api.info());
  void untilDone(async () => {
    const info = await api.info();
    view = fitted(view, location.search, info);
    history.replaceState(null, '', addressOf(view));
    toolbar.offer(info);
    follow();
    await panels.open();
  });
  void untilDone(() => box.open());
  setInterval(() => void offer().catch(() => undefined), INFO_EVERY_MS);
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
