import { button, el, icon, setText } from './dom';
import { forgetPalette } from './palette';

/** The themes: as the system is set, or fixed. */
const CHOICES = ['auto', 'light', 'dark'] as const;
type Choice = (typeof CHOICES)[number];

const KEY = 'btcdmon-theme';

/** The switch between themes. The choice is stored in this browser. */
export function themeSwitch(onChange: () => void): HTMLElement {
  let choice = stored();
  const name = el('span', { class: 'theme-name' });
  const show = (): void => {
    if (choice === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    setText(name, { auto: 'Auto', light: 'Light', dark: 'Dark' }[choice]);
    forgetPalette();
  };
  const toggle = button(
    { class: 'theme', title: 'As the system, light or dark' },
    () => {
      choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto';
      store(choice);
      show();
      onChange();
    },
    icon('theme'),
    el('span', { class: 'unseen' }, 'Theme: '),
    name,
  );
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    show();
    onChange();
  });
  show();
  return toggle;
}

function stored(): Choice {
  try {
    return CHOICES.find((choice) => choice === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    // A browser may forbid storage; then the system's theme is used.
    return 'auto';
  }
}

function store(choice: Choice): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // It lasts as long as the page, then.
  }
}
