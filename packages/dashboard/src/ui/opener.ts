const CONTROLS = 'button, a[href], input, select, textarea, [tabindex]';

let last: HTMLElement | undefined;

/** A click counts too: Safari gives no focus to a button that is clicked. Items of menus are gone when they have done their part. */
function note({ target }: Event): void {
  const control = target instanceof Element ? target.closest<HTMLElement>(CONTROLS) : null;
  if (control && !control.closest('[role=menu]')) last = control;
}

document.addEventListener('focusin', note, true);
document.addEventListener('pointerdown', note, true);

/** What was acted on last: it opened the dialog that comes up now, by itself or by its menu. */
export const opener = (): HTMLElement | undefined => last;

const focusPage = (): void => document.querySelector('main')?.focus();

/** Gives the focus back; to the page, where that control is gone or does nothing any more, or goes with what was done. */
export function focusAgain(control: HTMLElement | undefined): void {
  if (!control?.isConnected || control.matches(':disabled')) {
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
