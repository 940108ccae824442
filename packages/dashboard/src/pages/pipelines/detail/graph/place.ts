import type { Viewport } from '@xyflow/react';
import { NODE, type Places } from './layout.js';

/** Pixels: of what is small as much as it needs, of what is large as much as there is. */
const HEIGHT = { least: 224, most: 640, around: 96, ofWindow: 0.75 } as const;
/** Pixels from the side, where not everything fits. */
const EDGE = { wide: 96, narrow: 16, narrowTo: 640 } as const;
const AROUND = 32;
/** Smaller than this, or more of them than that, stages cannot be read: then a part is shown. */
const READABLE = { zoom: 0.6, stages: 40 } as const;

interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

function boundsOf(places: Places): Bounds {
  const corners = Object.values(places);
  const [left, top] = [Math.min(...corners.map(({ x }) => x)), Math.min(...corners.map(({ y }) => y))];
  const [right, bottom] = [Math.max(...corners.map(({ x }) => x)), Math.max(...corners.map(({ y }) => y))];
  return { x: left, y: top, width: right - left + NODE.width, height: bottom - top + NODE.height };
}

/** Of the box around the graph; without places, which are found soon, of the least that it will be. */
export function heightOf(places: Places | undefined): number {
  const tall = places ? boundsOf(places).height : 0;
  return Math.min(Math.max(tall + HEIGHT.around, HEIGHT.least), HEIGHT.most, window.innerHeight * HEIGHT.ofWindow);
}

/** All of the graph in the middle of its box; undefined where it would be too small to read. */
export function wholeOf(places: Places, width: number): Viewport | undefined {
  const bounds = boundsOf(places);
  const height = heightOf(places);
  const zoom = Math.min(1, (width - AROUND) / bounds.width, (height - AROUND) / bounds.height);
  if (zoom < READABLE.zoom || Object.keys(places).length > READABLE.stages) return undefined;
  return {
    x: (width - bounds.width * zoom) / 2 - bounds.x * zoom,
    y: (height - bounds.height * zoom) / 2 - bounds.y * zoom,
    zoom,
  };
}

/** Where the graph stands at first: all of it, or `first` at the left. */
export function viewportOf(places: Places, width: number, first: string | undefined): Viewport {
  const whole = wholeOf(places, width);
  if (whole) return whole;
  const height = heightOf(places);
  const at = (first === undefined ? undefined : places[first]) ?? boundsOf(places);
  return { x: (width < EDGE.narrowTo ? EDGE.narrow : EDGE.wide) - at.x, y: height / 2 - NODE.height - at.y, zoom: 1 };
}
