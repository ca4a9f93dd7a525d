import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
  chromium,
} from 'playwright-core';
import type { Cleanup } from './cleanup';
import { findProgram, requirement } from './requires';

/** Declares that a test file needs a browser: Debian's, not one that playwright downloads. */
export const chromiumProgram = requirement(
  'chromium',
  () => process.env['CHROMIUM_BIN'] ?? findProgram('chromium'),
  'install Chromium (Debian: apt-get install chromium), or name it in CHROMIUM_BIN',
);

/** Chromium runs alone in its container and must ask nobody for anything. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts a browser with a profile of its own. A signal ends it and this process, unless `heedsSignals` is
 * false: then the caller ends all in order.
 */
export async function startChromium(
  program: string,
  cleanup: Cleanup,
  { heedsSignals = true }: { readonly heedsSignals?: boolean } = {},
): Promise<Browser> {
  const signals = { handleSIGINT: heedsSignals, handleSIGTERM: heedsSignals, handleSIGHUP: heedsSignals };
  const browser = await chromium.launch({ executablePath: program, args: FLAGS, ...signals });
  return cleanup.add(browser, (it) => it.close());
}

/** A page whose errors and requests are recorded. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors in its console, and uncaught errors. */
  readonly errors: () => readonly string[];
  /**
   * Statuses of refused requests that a test provokes. The browser writes a line of its own about each, often
   * after the page has shown the answer. That line is no error of the page.
   */
  readonly provoked: Set<number>;
  /** Requests to another origin than that of the page. */
  readonly strangers: string[];
}

/** Opens an empty page in a context of its own. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const lines: string[] = [];
  const provoked = new Set<number>();
  const strangers: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') lines.push(message.text());
  });
  page.on('pageerror', (error) => lines.push(String(error)));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.protocol !== 'data:' && url.origin !== origin)
      strangers.push(request.url());
  });
  const isProvoked = (line: string): boolean =>
    [...provoked].some((status) => line.includes(`the server responded with a status of ${status} `));
  return {
    page,
    context,
    errors: () => lines.filter((line) => !isProvoked(line)),
    provoked,
    strangers,
  };
}
