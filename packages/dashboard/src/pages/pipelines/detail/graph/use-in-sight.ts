import { useReactFlow, type Viewport } from '@xyflow/react';
import { type RefObject, useCallback, useEffect, useRef } from 'react';
import { NODE, type Places } from './layout.js';
import { wholeOf } from './place.js';

/** Pixels between a stage and the side of the graph. */
const APART = 24;

const isSame = (one: Viewport, other: Viewport): boolean => one.x === other.x && one.y === other.y && one.zoom === other.zoom;

/**
 * Keeps the stage that was opened in sight, whose panel takes room from the graph: all of the graph while nobody has moved it and it can
 * be read, else it moves aside. Returns what to call when the graph has its first place.
 */
export function useInSight(box: RefObject<HTMLElement | null>, places: Places, selected: string | undefined): () => void {
  const { getViewport, setViewport } = useReactFlow();
  const left = useRef<Viewport>(undefined); // as it was left here; where it is not so any more, somebody has moved it
  const show = useCallback(() => {
    if (!box.current) return;
    const width = box.current.clientWidth;
    const was = getViewport();
    const isUntouched = left.current === undefined || isSame(left.current, was);
    const next = (isUntouched && wholeOf(places, width)) || was;
    const place = selected === undefined ? undefined : places[selected];
    const at = place ? next.x + place.x * next.zoom : 0;
    const over = place ? at + NODE.width * next.zoom + APART - width : 0;
    const shown = over > 0 ? { ...next, x: next.x - Math.min(over, at - APART) } : next;
    if (isUntouched) left.current = shown;
    if (!isSame(shown, was)) void setViewport(shown);
  }, [box, places, selected, getViewport, setViewport]);
  useEffect(show, [show]);
  return show;
}
