import type { Api } from './api';
import { byId, setText } from './dom';
import { type View, panelParams } from './view';
import { clockWords } from './words';

/** The panel that has the steps of the clock. */
const PANEL = 'clock-steps';

/** How often steps are looked for again. */
const EVERY_MS = 60_000;

/** A line above the panels where the system's clock was set within the range that is shown. */
export class ClockNote {
  private loading = new AbortController();

  constructor(private readonly modules: { readonly api: Api; readonly view: () => View }) {
    setInterval(() => {
      if (!document.hidden) void this.load();
    }, EVERY_MS);
  }

  /** Looks at the range that is shown now. What failed is tried again with the next look; the head tells of a lost connection. */
  async load(): Promise<void> {
    this.loading.abort();
    const loading = new AbortController();
    this.loading = loading;
    const { api, view } = this.modules;
    const answer = await api.panel(PANEL, panelParams(view()), loading.signal).catch(() => null);
    if (answer === null || loading.signal.aborted) return;
    const text = clockWords(answer);
    const note = byId('clock-note', 'p');
    setText(note, text);
    note.hidden = text === '';
  }
}
