import { UsageError } from '../lib/errors';

/** Path of the page that has the runbooks. */
export const RUNBOOKS_PATH = '/runbooks';

/** The default URL of the runbooks: the page of a node with its usual settings. */
export const RUNBOOKS = `http://localhost:8380${RUNBOOKS_PATH}`;

/** The URL of the runbook of an alert: what it means and what to do. `slug` is its name in links. */
export function runbookUrl(slug: string, runbooks: string = RUNBOOKS): string {
  return `${runbooks}#${slug}`;
}

/**
 * Reads the value of `--runbooks`.
 * @throws UsageError that says what would be right
 */
export function readRunbooks(text: string): string {
  const isUrl = URL.canParse(text) && /^https?:\/\/[^/]/i.test(text);
  if (isUrl && !/[\s#]/.test(text)) return text;
  throw new UsageError(
    `--runbooks ${text}: give the URL of the page that has the runbooks, such as ${RUNBOOKS}; the name of the alert follows behind a #`,
  );
}
