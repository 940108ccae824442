import type { Worker } from '@pipelogiq/protocol';
import { Link } from '@tanstack/react-router';
import { formatCount } from '../../lib/format.js';
import type { Column } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { formatCpu, formatMemory, Load } from './load.js';
import { WorkerState } from './state.js';
import { placeOf } from './worker-link.js';

const absent = <span className="text-ink-3">–</span>;

export const COLUMNS: readonly Column<Worker>[] = [
  {
    id: 'name',
    head: 'Worker',
    cell: ({ id, name, handlers, ...worker }) => (
      <Link
        to="/workers/$id"
        params={{ id }}
        title={`${[name, placeOf(worker)].filter(Boolean).join(', ')}: ${handlers.join(', ')}`}
        className="font-medium hover:text-accent hover:underline"
      >
        {name} <span className="num ml-1 font-normal text-ink-3 text-xs">{id}</span>
      </Link>
    ),
  },
  { id: 'state', head: 'State', width: 'w-28', cell: (worker) => <WorkerState worker={worker} /> },
  { id: 'pool', head: 'Pool', width: 'w-20', from: 'md', cell: ({ pool }) => pool },
  {
    id: 'version',
    head: 'Version',
    width: 'w-20',
    from: 'xl',
    cell: ({ version }) => version ?? absent,
  },
  {
    id: 'host',
    head: 'Host',
    width: 'w-44',
    from: 'xl',
    cell: ({ hostName, pid }) => [hostName, pid].filter((part) => part !== undefined).join(' · ') || absent,
  },
  { id: 'load', head: 'In flight', align: 'right', width: 'w-28', cell: (worker) => <Load worker={worker} /> },
  {
    id: 'processed',
    head: 'Processed',
    align: 'right',
    width: 'w-22',
    from: 'md',
    cell: ({ processed }) => formatCount(processed),
  },
  {
    id: 'failed',
    head: 'Failed',
    align: 'right',
    width: 'w-16',
    from: 'md',
    cell: ({ failed }) => <span className={failed > 0 ? 'text-bad' : 'text-ink-3'}>{formatCount(failed)}</span>,
  },
  { id: 'cpu', head: 'CPU', align: 'right', width: 'w-16', from: 'lg', cell: ({ cpuPercent }) => formatCpu(cpuPercent) },
  { id: 'memory', head: 'Memory', align: 'right', width: 'w-20', from: 'lg', cell: ({ memoryMb }) => formatMemory(memoryMb) },
  {
    id: 'seen',
    head: 'Last seen',
    align: 'right',
    width: 'w-26',
    from: 'md',
    cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />,
  },
];
