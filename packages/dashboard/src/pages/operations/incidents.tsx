import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { humanize } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { EmptyState, Loaded, Skeleton } from '../../ui/states.js';
import { StatusIcon } from '../../ui/status.js';
import { Time } from '../../ui/time.js';
import { MUTED } from '../alerts/words.js';
import { incidentsQuery } from './queries.js';

export function OpenIncidents() {
  const query = useQuery(incidentsQuery);
  return (
    <Card title="Open incidents" actions={<AllAlerts />} flush>
      <Loaded query={query} loading={<Skeleton className="m-4 h-24" />}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No incident is open">Alert rules open them; nobody needs you.</EmptyState>
          ) : (
            <ul>
              {items.map(({ id, title, severity, rule, openedAt, muted }) => (
                <li key={id} className="flex items-start gap-2.5 border-line border-b px-4 py-2 last:border-b-0">
                  <StatusIcon status={severity} size={14} className="mt-[3px]" />
                  <div className="min-w-0">
                    <p className="line-clamp-2">
                      <Link to="/alerts" search={{ incident: id }} className="hover:text-accent hover:underline">
                        {title}
                      </Link>
                    </p>
                    <p className="break-words text-ink-3 text-xs">
                      {humanize(severity)} · <Time at={openedAt} /> · {rule.name}
                      {muted && ` · ${MUTED[muted]}`}
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

const AllAlerts = () => (
  <Link to="/alerts" className="text-accent hover:underline">
    All incidents
  </Link>
);
