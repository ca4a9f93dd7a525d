import type { Alert } from '../alerts/alert';
import { ALERTS } from '../alerts/alerts';
import { PANELS } from '../panels/list';
import type { Handler } from './exchange';
import { readParams } from './params';
import { send } from './reply';

/**
 * `GET /runbooks`: what each alert means and what to do. Messages link to it. It is a text of the package and
 * names no node, so everybody may read it; the panels that it links to want a login.
 */
export const runbooksHandler: Handler = async ({ request, response, params }) => {
  readParams(params, []);
  await send(request, response, { type: 'text/html; charset=utf-8', body: PAGE });
};

const TITLES = new Map(PANELS.map(({ name, title }) => [name, title]));

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Runbooks</title>
<h1>Runbooks</h1>
<ul>
${ALERTS.map(({ slug, title }) => `<li><a href="#${slug}">${html(title)}</a></li>`).join('\n')}
</ul>
${ALERTS.map(runbook).join('\n')}
</html>
`;

function runbook({ slug, title, severity, meaning, steps, panel }: Alert): string {
  return `<h2 id="${slug}">${html(title)}</h2>
<p>Severity: ${severity}. ${html(meaning)}</p>
<ol>
${steps.map((step) => `<li>${html(step)}</li>`).join('\n')}
</ol>
<p>The panel: <a href="/#panel-${panel}">${html(TITLES.get(panel) ?? panel)}</a>. To silence it: <code>--silence ${slug}</code></p>`;
}

/** A text as HTML; text between backticks is code. */
function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/`([^`]+)`/g, '<code>$1</code>');
}
