import type { Ms } from '../../store/store.js';

export const MINUTE = 60_000;
export const HOUR: Ms = 60 * MINUTE;
export const DAY: Ms = 24 * HOUR;

/** Lengths of the periods that are kept, the finest first. Days are those of UTC. */
export const RESOLUTIONS = [MINUTE, HOUR, DAY] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export const periodOf = (at: Ms, resolution: Ms): Ms => at - (at % resolution);

/** Series of one slot share a page. */
const SERIES_PER_SLOT = 64;
export const slotOf = (seriesId: number): number => Math.floor(seriesId / SERIES_PER_SLOT);
