const CONTROLS = 'button, a[href], input, select, textarea, [tabindex]';

let last: HTMLElement | undefined;

/** A click counts too: Safari gives no focus to a button that is clicked. Items of menus are gone when they have done their part. */
function note({ target }: Event): void {
  const control = target instanceof Element ? target.closest<HTMLElement>(CONTROLS) : null;
  if (control && !control.closest('[role=menu]')) last = control;
}

document.addEventListener('focusin', note, true);
document.addEventListener('pointerdown', note, true);

export type Openers = readonly HTMLElement[];

const openersOf = new WeakMap<Element, Openers>();

/**
 * What was acted on last: it opened the dialog that comes up now, by itself or by its menu. Where it stands in a dialog itself, that one
 * may be gone with it by the end: then what opened that follows.
 */
export function openers(dialog: Element): Openers {
  const around = last?.closest('[role=dialog]');
  const found = last ? [last, ...((around && openersOf.get(around)) ?? [])] : [];
  openersOf.set(dialog, found);
  return found;
}

export const focusPage = (): void => document.querySelector('main')?.focus();

/** Gives the focus back to the first that is left; to the page, where they are gone or do nothing any more, or go with what was done. */
export function focusAgain(controls: Openers): void {
  const control = controls.find((one) => one.isConnected && !one.matches(':disabled'));
  if (!control) {
    focusPage();
    return;
  }
  control.focus();
  const watch = new MutationObserver(() => {
    const isElsewhere = document.activeElement !== document.body && document.activeElement !== control;
    if (isElsewhere || !control.isConnected) watch.disconnect();
    if (!isElsewhere && !control.isConnected) focusPage();
  });
  watch.observe(document.body, { childList: true, subtree: true });
}
