import { cx } from '../../lib/cx.js';
import { formatRelative } from '../../lib/format.js';
import { useNow } from '../../ui/time.js';

const formats = new Map<string, Intl.DateTimeFormat>();

/** As "Mon 23 Nov, 02:30 CET": in the zone of the schedule, which may not be that of the browser. */
function formatZoned(at: string, timeZone: string): string {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    });
    formats.set(timeZone, format);
  }
  return format.format(Date.parse(at));
}

/** How far away, and exactly when on the clocks of its zone; `dense` has the latter on pointing alone where room is short. */
export function ZonedTime({ at, timeZone, dense = false }: { at: string; timeZone: string; dense?: boolean }) {
  const exact = formatZoned(at, timeZone);
  const relative = formatRelative(Date.parse(at), Math.max(useNow(), Date.now() - 1_000));
  return (
    <time dateTime={at} title={exact} className="num">
      {relative} <span className={cx('text-ink-3', dense && 'hidden lg:inline')}>{exact}</span>
    </time>
  );
}
