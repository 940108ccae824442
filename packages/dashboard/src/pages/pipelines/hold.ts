import { type RefCallback, useCallback, useEffect, useState } from 'react';

/** Scrolled so far, somebody reads. */
const SCROLLED_PX = 48;

/** Up and down go from row to row; Enter opens, for each is a link. */
function onArrows(event: KeyboardEvent): void {
  const { currentTarget: list, target } = event;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(list instanceof HTMLElement) || !(target instanceof HTMLElement) || !target.matches('[data-row-link]')) return;
  const links = [...list.querySelectorAll<HTMLElement>('[data-row-link]')];
  const next = links[links.indexOf(target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/**
 * Whether somebody looks closely at the rows within `ref`: points at them, has the focus among them, or has scrolled down. On the way from
 * a row to what stands over it they are still looked at; the focus that a dialog gives back to a button there does not begin it.
 */
export function useHold(): { isHeld: boolean; ref: RefCallback<HTMLElement> } {
  const [isOver, setOver] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const [isScrolled, setScrolled] = useState(false);
  useEffect(() => {
    const onScroll = () => setScrolled(window.scrollY > SCROLLED_PX);
    document.addEventListener('scroll', onScroll, { passive: true });
    return () => document.removeEventListener('scroll', onScroll);
  }, []);
  const ref = useCallback((list: HTMLElement | null) => {
    if (!list) return;
    const listening = new AbortController();
    const on = <Type extends keyof HTMLElementEventMap>(type: Type, listener: (event: HTMLElementEventMap[Type]) => void) =>
      list.addEventListener(type, listener, { signal: listening.signal });
    on('pointermove', () => setOver(true)); // one that rests where a dialog has closed points at nothing
    on('pointerleave', () => setOver(false));
    on('focusin', ({ target }) => {
      if (target instanceof Element && target.closest('tbody')) setFocused(true);
    });
    on('focusout', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && list.contains(relatedTarget))) setFocused(false);
    });
    on('keydown', onArrows);
    return () => {
      listening.abort();
      setOver(false);
      setFocused(false);
    };
  }, []);
  return { isHeld: isOver || isFocused || isScrolled, ref };
}
