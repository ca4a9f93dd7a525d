import { readFileSync } from 'node:fs';
import type axeCore from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * How far below the upper edge of a panel's chart the highest coloured pixel is, as a share of its height; 1
 * where nothing but axes is drawn. Lines are coloured; the grid and the background are almost grey.
 */
export function highestColour(page: Page, name: string): Promise<number> {
  return page.locator(`#panel-${name} .u-wrap`).evaluate((wrap) => {
    const canvas = wrap.querySelector('canvas');
    const over = wrap.querySelector('.u-over');
    const context = canvas?.getContext('2d');
    if (canvas == null || over === null || context == null) return 1;
    const scale = canvas.width / canvas.clientWidth;
    const [inner, outer] = [over.getBoundingClientRect(), wrap.getBoundingClientRect()];
    const width = Math.ceil(inner.width * scale);
    const height = Math.ceil(inner.height * scale);
    const { data } = context.getImageData(
      Math.floor((inner.left - outer.left) * scale),
      Math.floor((inner.top - outer.top) * scale),
      width,
      // A line that is always 0 is on the edge.
      height + 2,
    );
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(at, at + 4);
      const isColour = Math.max(red, green, blue) - Math.min(red, green, blue) > 40;
      if (alpha > 100 && isColour) return Math.min(0.999, Math.floor(at / 4 / width) / height);
    }
    return 1;
  });
}

/** Whether a panel's chart shows something besides its axes. */
export async function isDrawn(page: Page, name: string): Promise<boolean> {
  return (await highestColour(page, name)) < 1;
}

/** The contents of a table on the page: the exact value of each cell, or its text. */
export function cellsOf(page: Page, selector: string): Promise<(string | null)[][]> {
  return page.locator(`${selector} table tbody`).evaluate((body) =>
    [...(body as HTMLTableSectionElement).rows].map((row) =>
      [...row.cells].map((cell) => {
        const exact = cell.querySelector('data')?.value ?? cell.querySelector('time')?.dateTime;
        return exact ?? (cell.textContent === '–' ? null : cell.textContent);
      }),
    ),
  );
}

/** Presses Tab until an element that matches `selector` has the focus. @throws if it never gets there */
export async function tabTo(page: Page, selector: string, most = 700): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  throw new Error(`${most} times Tab did not lead to ${selector}`);
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** The problems that axe finds on the current page, one line each. */
export async function violations(page: Page): Promise<string[]> {
  // The browser's debugger evaluates this, so no policy of the page applies.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof axeCore };
    const { violations: found } = await axe.run(document, { resultTypes: ['violations'] });
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    );
  });
}
