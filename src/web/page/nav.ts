/** A section counts as current if it is in this part of the window. */
const READING = '-25% 0px -70% 0px';

/** Marks the link of the current section in the bar. */
export function followSections(nav: Element, sections: Iterable<Element>): void {
  const links = [...nav.querySelectorAll<HTMLAnchorElement>('a')];
  const sight = new IntersectionObserver(
    (entries) => {
      const reached = entries.find(({ isIntersecting }) => isIntersecting)?.target.id;
      if (reached === undefined) return;
      for (const link of links) {
        const current = link.hash === `#${reached}`;
        if (current) link.setAttribute('aria-current', 'true');
        else link.removeAttribute('aria-current');
      }
    },
    { rootMargin: READING },
  );
  for (const section of sections) sight.observe(section);
}
