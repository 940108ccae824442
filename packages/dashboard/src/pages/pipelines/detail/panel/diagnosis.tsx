import { useQuery } from '@tanstack/react-query';
import { Loaded, Skeleton } from '../../../../ui/states.js';
import { Time } from '../../../../ui/time.js';
import { diagnosisQuery } from '../queries.js';
import { useOpenStage } from '../use-stage.js';

/** In the server's sentences, asked for again every few seconds. */
export function Diagnosis({ pipelineId, stageId }: { pipelineId: string; stageId: string }) {
  const query = useQuery(diagnosisQuery(pipelineId, stageId));
  const open = useOpenStage();
  return (
    <section className="rounded-md bg-warn-soft px-3 py-2.5">
      <h3 className="text-sm text-warn">Why is this not running?</h3>
      <Loaded query={query} loading={<Skeleton className="mt-2 h-5" />}>
        {({ reasons }) => (
          <ul aria-live="polite" className="mt-1 flex flex-col gap-1.5">
            {reasons.map((reason) => (
              <li key={reason.code}>
                <p className="break-words">{reason.message}</p>
                {reason.until && (
                  <p className="text-ink-2 text-xs">
                    Ends <Time at={reason.until} />
                  </p>
                )}
                {'dependencies' in reason && (
                  <p className="mt-0.5 flex flex-wrap gap-x-3">
                    {reason.dependencies.map(({ stageId: other, name }) => (
                      <button key={other} type="button" className="text-accent underline" onClick={() => open(other)}>
                        {name}
                      </button>
                    ))}
                  </p>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
