import type { Api } from './api';
import { byId, setText } from './dom';
import { type StoreTimes, type View, panelParams } from './view';
import { clockWords } from './words';

/** The panel with the steps of the clock. */
const PANEL = 'clock-steps';

/** Time between two checks, in milliseconds. */
const EVERY_MS = 60_000;

/** A line above the panels if the system's clock was set within the range that is shown. */
export class ClockNote {
  private loading = new AbortController();

  constructor(
    private readonly modules: {
      readonly api: Api;
      readonly view: () => View;
      readonly times: () => StoreTimes;
    },
  ) {
    setInterval(() => {
      if (!document.hidden) void this.load();
    }, EVERY_MS);
  }

  /**
   * Checks the range that is shown. A failed check is repeated next time; the head reports a lost connection.
   */
  async load(): Promise<void> {
    this.loading.abort();
    const loading = new AbortController();
    this.loading = loading;
    const { api, view, times } = this.modules;
    const answer = await api.panel(PANEL, panelParams(view(), times()), loading.signal).catch(() => null);
    if (answer === null || loading.signal.aborted) return;
    const text = clockWords(answer);
    const note = byId('clock-note', 'p');
    setText(note, text);
    note.hidden = text === '';
  }
}
