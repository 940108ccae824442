import { useQuery } from '@tanstack/react-query';
import { Card } from '../../../ui/card.js';
import { JsonView } from '../../../ui/json-view.js';
import { EmptyState, Loaded, Skeleton } from '../../../ui/states.js';
import { Time } from '../../../ui/time.js';
import { contextQuery } from './queries.js';

/** What stages share. */
export function Context({ id }: { id: string }) {
  const query = useQuery(contextQuery(id));
  return (
    <Card flush>
      <Loaded query={query} loading={<Skeleton className="m-4 h-40" />}>
        {(items) =>
          items.length === 0 ? (
            <EmptyState title="No context">
              Values given at creation, and those that handlers set with job.context.set, show here.
            </EmptyState>
          ) : (
            <ul>
              {items.map(({ key, value, sensitive, updatedAt }) => (
                <li
                  key={key}
                  className="grid gap-x-4 gap-y-1 border-line border-b px-4 py-3 last:border-b-0 md:grid-cols-[14rem_minmax(0,1fr)]"
                >
                  <div className="min-w-0">
                    <p className="truncate font-medium">{key}</p>
                    <p className="text-ink-3 text-xs">
                      {sensitive ? 'Sensitive: not shown' : 'Set'} · <Time at={updatedAt} />
                    </p>
                  </div>
                  <JsonView value={value} label={`value of ${key}`} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
