import { given, textsIn } from '../../lib/search.js';

export interface TrailSearch {
  /** Cursors of the pages so far. */
  trail?: string[];
}

export const trailSearch = (search: Record<string, unknown>): TrailSearch => given({ trail: textsIn(search, 'trail') });
