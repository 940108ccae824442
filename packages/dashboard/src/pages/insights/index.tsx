import { useQuery } from '@tanstack/react-query';
import { Rocket } from 'lucide-react';
import { useState } from 'react';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { PageHeader } from '../../ui/page.js';
import { ErrorState } from '../../ui/states.js';
import { Courses } from './courses.js';
import { Deployments } from './deployments.js';
import { Distribution } from './distribution.js';
import { Errors } from './errors.js';
import { Filters } from './filters.js';
import { Flaky, Regressions, SlowestPipelines } from './findings.js';
import { Handlers } from './handlers.js';
import { MarkForm } from './mark-form.js';
import { Measures } from './measures.js';
import { insightsQuery, useParts } from './queries.js';
import { useInsightsSearch } from './search.js';
import { Summary } from './summary.js';

/** How long stages run and wait, how often they fail and with what, what became slower, and whether a deployment did it. */
export default function InsightsPage() {
  const [{ range, pipeline, handler }] = useInsightsSearch();
  const [isMarking, setMarking] = useState(false);
  const [openedAt] = useState(Date.now);
  const narrowed = { range, pipeline, handler };
  const query = useQuery(insightsQuery(narrowed));
  const parts = useParts(narrowed, Math.max(openedAt, query.dataUpdatedAt));
  const mark = useMay('produce') && (
    <Button icon={<Rocket aria-hidden size={14} />} onClick={() => setMarking(true)}>
      Mark a deployment
    </Button>
  );
  return (
    <>
      <PageHeader title="Insights" actions={mark} />
      <Filters />
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <div className="grid gap-4">
          <Summary insights={query.data} />
          <Courses insights={query.data} parts={parts} pipeline={pipeline} />
          <Handlers insights={query.data} parts={parts} />
          <Errors />
          <div className="grid gap-4 xl:grid-cols-2">
            <Regressions insights={query.data} />
            <Flaky insights={query.data} />
            <SlowestPipelines insights={query.data} />
            <Distribution insights={query.data} />
          </div>
          <Deployments insights={query.data} />
          <Measures insights={query.data} />
        </div>
      )}
      {isMarking && <MarkForm onClose={() => setMarking(false)} />}
    </>
  );
}
