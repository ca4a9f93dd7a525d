import { byId, el, setText } from './dom';
import { formatDuration } from './format';
import type { LinkState } from './live-link';
import { connectionWords, notices, worstTone } from './words';
import type { Tone, Verdict } from '../../live/verdict';
import type { Status } from './api-types';

/** The head of the page: which node this is, the state of the connection, and warnings about the data. */
export class Head {
  private status: Status | null = null;
  private link: LinkState = 'connecting';
  private following = true;
  private said = '';
  private worst: Tone = 'unknown';

  setStatus(status: Status): void {
    this.status = status;
    const { node, network, version, startedMs, nowMs } = status;
    setText(byId('who-node', 'span'), node ?? 'store');
    setText(byId('network', 'span'), network ?? '');
    setText(byId('version', 'span'), `v${version}`);
    setText(byId('uptime', 'span'), startedMs === null ? '' : `up ${formatDuration(nowMs - startedMs)}`);
    document.title = `${node ?? 'store'} · btcdmon-node`;
    this.show();
  }

  setLink(link: LinkState): void {
    this.link = link;
    this.show();
  }

  setVerdicts(verdicts: readonly Verdict[]): void {
    this.worst = worstTone(verdicts);
    this.show();
  }

  setFollowing(following: boolean): void {
    this.following = following;
    this.show();
  }

  private show(): void {
    const { tone, text } = connectionWords(this.link, this.status, this.following, this.worst);
    const state = byId('state', 'span');
    state.dataset['tone'] = tone;
    setText(state, text);
    const found = notices(this.link, this.status);
    const key = JSON.stringify([found.map(({ text: line }) => line), this.link]);
    if (key === this.said) return;
    this.said = key;
    const login =
      this.link === 'signed-out' ? el('a', { href: '/login', class: 'notice-link' }, 'Sign in') : null;
    byId('notices', 'div').replaceChildren(
      ...found.map((notice, index) =>
        el('p', { class: `notice ${notice.tone}` }, notice.text, index === 0 ? login : null),
      ),
    );
  }
}
