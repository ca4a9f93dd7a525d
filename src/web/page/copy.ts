import { button, el, icon, setText } from './dom';

const SAID_MS = 1_500;

/** A line of text with a button that copies it. */
export function copyLine(label: string): { readonly element: HTMLElement; show(text: string): void } {
  const code = el('code', { class: 'command', tabindex: 0 });
  const said = el('span', { class: 'unseen', role: 'status' });
  const copy: HTMLButtonElement = button(
    { class: 'tool', 'aria-label': `Copy ${label}`, title: `Copy ${label}` },
    () => {
      select(code);
      // Without a secure context there is no clipboard. The line is selected instead, so the user can copy it
      // by keyboard.
      const done = (navigator.clipboard as Clipboard | undefined)?.writeText(code.textContent);
      void done?.then(
        () => {
          copy.classList.add('done');
          setText(said, 'copied');
          setTimeout(() => {
            copy.classList.remove('done');
            setText(said, '');
          }, SAID_MS);
        },
        () => undefined,
      );
    },
    icon('copy'),
  );
  return {
    element: el('div', { class: 'copy-line' }, code, copy, said),
    show: (text) => setText(code, text),
  };
}

/** A small button that copies what `text` returns. */
export function copyButton(text: () => string): HTMLElement {
  const copy: HTMLButtonElement = button(
    // The link beside it leads to the text; a table with a stop for each button would be long for a keyboard.
    { class: 'copy-id', tabindex: -1, 'aria-label': 'Copy', title: 'Copy' },
    () => {
      const done = (navigator.clipboard as Clipboard | undefined)?.writeText(text());
      void done?.then(
        () => {
          copy.classList.add('done');
          setTimeout(() => copy.classList.remove('done'), SAID_MS);
        },
        () => undefined,
      );
    },
    icon('copy'),
  );
  return copy;
}

function select(element: HTMLElement): void {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}
