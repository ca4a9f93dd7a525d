/** The part of the window in which a section must lie to be the one that is read. */
const READING = '-25% 0px -70% 0px';

/** Marks in the bar the link of the section that is read. */
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
