import { useReactFlow } from '@xyflow/react';
import { type RefObject, useCallback, useEffect } from 'react';
import { PANEL_WIDTH } from '../panel/width.js';
import { NODE, type Places } from './layout.js';

/** Pixels between a stage and what covers the graph beside it. */
const APART = 24;

/** Moves the graph aside when its panel covers the stage that was opened. Returns what to call when the graph has its first place. */
export function useInSight(box: RefObject<HTMLElement | null>, places: Places, selected: string | undefined): () => void {
  const { getViewport, setViewport } = useReactFlow();
  const show = useCallback(() => {
    const place = selected === undefined ? undefined : places[selected];
    const sides = box.current?.getBoundingClientRect();
    if (!place || !sides) return;
    const { x, y, zoom } = getViewport();
    const width = Math.min(sides.right, window.innerWidth - PANEL_WIDTH) - sides.left;
    const left = x + place.x * zoom;
    const over = left + NODE.width * zoom + APART - width;
    if (over > 0) void setViewport({ x: x - Math.min(over, left - APART), y, zoom }); // on a phone the panel is all there is
  }, [box, places, selected, getViewport, setViewport]);
  useEffect(show, [show]);
  return show;
}
