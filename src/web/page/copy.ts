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

function select(element: HTMLElement): void {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}
