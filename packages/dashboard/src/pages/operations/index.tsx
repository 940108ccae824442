import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Select } from '../../ui/field.js';
import { PageHeader } from '../../ui/page.js';
import { FirstPipeline } from './first-pipeline.js';
import { Handlers } from './handlers.js';
import { OpenIncidents } from './incidents.js';
import { Pools } from './pools.js';
import { insightsQuery, latestQuery, overviewQuery } from './queries.js';
import { Recent } from './recent.js';
import { RANGES, type Range } from './search.js';
import { Stats } from './stats.js';
import { Throughput } from './throughput.js';

const NAMES: Record<Range, string> = { '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days' };

/** What goes on now, and how it went lately. */
export default function Operations() {
  const { range = '24h' } = useSearch({ from: '/shell/operations' });
  const latest = useQuery(latestQuery);
  const overview = useQuery(overviewQuery);
  const insights = useQuery(insightsQuery(range));
  if (latest.data?.items.length === 0) {
    return (
      <>
        <PageHeader title="Operations" />
        <FirstPipeline />
      </>
    );
  }
  return (
    <>
      <PageHeader title="Operations" actions={<RangeSelect range={range} />} />
      <div className="grid gap-4">
        <Stats overview={overview} insights={insights} range={range} />
        <div className="grid grid-flow-row-dense items-stretch gap-4 md:grid-cols-2 xl:grid-cols-3">
          <Throughput query={insights} />
          <Pools query={overview} />
          <Handlers overview={overview} insights={insights} />
          <OpenIncidents />
        </div>
        <div className="grid gap-4 xl:grid-cols-2">
          <Recent />
        </div>
      </div>
    </>
  );
}

function RangeSelect({ range }: { range: Range }) {
  const navigate = useNavigate({ from: '/operations' });
  return (
    <Select
      aria-label="Range"
      value={range}
      onChange={({ target }) => void navigate({ search: { range: target.value as Range }, replace: true })}
    >
      {RANGES.map((each) => (
        <option key={each} value={each}>
          {NAMES[each]}
        </option>
      ))}
    </Select>
  );
}
