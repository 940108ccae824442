/** Marks the titles that were set here, which go when all of the text is in sight. */
const MARK = 'data-whole';

const isCut = ({ scrollWidth, clientWidth }: Element): boolean => scrollWidth > clientWidth;
const isTitled = (element: Element): boolean =>
  element.closest(`[title]:not([${MARK}])`) !== null || element.querySelector(`[title]:not([${MARK}])`) !== null;

function tell({ target }: Event): void {
  const element = target instanceof Element ? target.closest<HTMLElement>('.truncate') : null;
  if (!element) return;
  if (isCut(element) && !isTitled(element)) {
    element.title = element.textContent.trim();
    element.setAttribute(MARK, '');
  } else if (!isCut(element) && element.hasAttribute(MARK)) {
    element.removeAttribute('title');
    element.removeAttribute(MARK);
  }
}

/** What is cut says all of it when one points at it: no cell has to know how wide its column is. */
export const tellWhatIsCut = (page: Document): void => page.addEventListener('pointerover', tell);
