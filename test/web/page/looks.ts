import { readFileSync } from 'node:fs';
import type axeCore from 'axe-core';
import type { Page } from 'playwright-core';

/** Whether something is drawn in a panel's chart beside its axes. */
export function isDrawn(page: Page, name: string): Promise<boolean> {
  return page.locator(`#panel-${name} .u-wrap`).evaluate((wrap) => {
    const canvas = wrap.querySelector('canvas');
    const over = wrap.querySelector('.u-over');
    const context = canvas?.getContext('2d');
    if (canvas == null || over === null || context == null) return false;
    const scale = canvas.width / canvas.clientWidth;
    const [inner, outer] = [over.getBoundingClientRect(), wrap.getBoundingClientRect()];
    const { data } = context.getImageData(
      Math.floor((inner.left - outer.left) * scale),
      Math.floor((inner.top - outer.top) * scale),
      Math.ceil(inner.width * scale),
      // What is 0 all along lies on the edge.
      Math.ceil(inner.height * scale) + 2,
    );
    // Lines are coloured; the grid and the ground are grey, all but.
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(at, at + 4);
      if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) return true;
    }
    return false;
  });
}

/** What a table in the page holds: of each cell its exact value, or its text. */
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

/** Presses Tab until the focus is on something that `selector` names. @throws where it never gets there */
export async function tabTo(page: Page, selector: string, most = 700): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  throw new Error(`${most} times Tab did not lead to ${selector}`);
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with the page as it is now, a line each. */
export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the browser's debugger, which no policy of the page binds.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof axeCore };
    const { violations: found } = await axe.run(document, { resultTypes: ['violations'] });
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    );
  });
}
