import { type RawBuilder, sql } from 'kysely';
import type { Ms } from '../rows.js';
import type { BuildContext } from '../statement.js';

/** A gap in the server's life: nobody could be served for `gapMs` up to `now`. Negative where the clock was set back. */
export type Gap = {
  gapMs: Ms;
  now: Ms;
};

/** What began this long before now may have begun after the clock was set back. */
const RECENT_MS = sql.lit(5_000);

/**
 * How much of a gap lies behind a moment, in ms: who began within it, or after it and before it was noticed, lost that much less. Of the
 * moments that a clock has twice when it is set back, the last few seconds count as the second time: time then ends later, never sooner.
 */
export function lostSince<Args extends Gap>(
  since: RawBuilder<unknown>,
  { slot, can }: Pick<BuildContext<Args>, 'slot' | 'can'>,
): RawBuilder<unknown> {
  const gap = slot('gapMs', 'int');
  const now = slot('now', 'int');
  return sql`case
    when ${gap} > 0 then ${can.least(gap, can.greatest(sql`${now} - ${since}`, sql.lit(0)))}
    when ${since} > ${now} or ${since} <= ${now} - ${RECENT_MS} then ${gap}
    else 0 end`;
}
