import { choiceIn, given, textIn } from '../../../lib/search.js';

export const TABS = ['graph', 'waterfall', 'stages', 'logs', 'context'] as const;
export type DetailTab = (typeof TABS)[number];

export interface DetailSearch {
  /** Default graph. */
  tab?: DetailTab;
  /** Id of the stage that is open at the right. */
  stage?: string;
}

export const detailSearch = (search: Record<string, unknown>): DetailSearch =>
  given({ tab: choiceIn(search, 'tab', TABS), stage: textIn(search, 'stage') });
