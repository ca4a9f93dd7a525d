/** Content of an element. Text is always added as text, never as markup. */
export type Content = Node | string | null;

/** Values of attributes: true sets an empty one, false and null leave it out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** Makes an element. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...content.filter((item) => item !== null));
  return element;
}

/** Makes a button with a text, or with an icon and a label. */
export function button(
  attributes: Attributes,
  onClick: () => void,
  ...content: readonly Content[]
): HTMLButtonElement {
  const element = el('button', { type: 'button', ...attributes }, ...content);
  element.addEventListener('click', onClick);
  return element;
}

/** An element of index.html. @throws Error if there is none of that kind */
export function byId<K extends keyof HTMLElementTagNameMap>(id: string, tag: K): HTMLElementTagNameMap[K] {
  const element = document.getElementById(id);
  if (element?.localName !== tag) throw new Error(`the page has no <${tag}> #${id}`);
  return element as HTMLElementTagNameMap[K];
}

/**
 * Sets the text of an element only if it changes, so that nothing is announced or drawn again without need.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Text in which `words` between backticks become code, as in the schema and the panels. */
export function withCode(text: string): Content[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? el('code', {}, part) : part));
}

/** Sets or removes attributes. */
function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

const SVG = 'http://www.w3.org/2000/svg';

/** Outlines on a grid of 16 by 16. */
const ICONS = {
  info: 'M8 7.2v4M8 4.6v.4M1.8 8a6.2 6.2 0 1 0 12.4 0a6.2 6.2 0 1 0-12.4 0',
  table: 'M2 3h12v10H2zM2 6.4h12M2 9.7h12M6.4 6.4V13',
  chart: 'M2 2v12h12M4.5 10.5l3-4 2.5 2.5 3.5-5',
  download: 'M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M4.5 3l8 5-8 5z',
  enlarge: 'M9.5 2.5h4v4M13.5 2.5l-5 5M6.5 13.5h-4v-4M2.5 13.5l5-5',
  shrink: 'M13 7H9V3M9 7l4.5-4.5M3 9h4v4M7 9l-4.5 4.5',
  theme: 'M8 1.8v12.4M1.8 8a6.2 6.2 0 1 0 12.4 0a6.2 6.2 0 1 0-12.4 0M8 4.5h5M8 8h6M8 11.5h5',
} as const;

/** Makes an element of a drawing. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...content: readonly Node[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...content);
  return element;
}

/** An icon. Screen readers ignore it, so its button needs a label. */
export function icon(name: keyof typeof ICONS): SVGSVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: ICONS[name] }),
  );
}
