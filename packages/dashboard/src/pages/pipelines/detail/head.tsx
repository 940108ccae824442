import type { Pipeline } from '@pipelogiq/protocol';
import { Link } from '@tanstack/react-router';
import { ChevronRight, ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { buttonClass } from '../../../ui/button.js';
import { CopyButton, Mono } from '../../../ui/code.js';
import { useTitle } from '../../../ui/page.js';
import { StatusBadge } from '../../../ui/status.js';
import { Duration, Time } from '../../../ui/time.js';
import { StageProgress } from '../stage-progress.js';
import { triggerWord } from '../words.js';
import { PipelineActions } from './actions.js';

export function Head({ pipeline }: { pipeline: Pipeline }) {
  const { id, name, status, links, keywords, cancelReason } = pipeline;
  useTitle(`${name} ${id}`);
  return (
    <header className="pb-4">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
          <Link to="/pipelines" className="text-ink-3 hover:text-ink">
            Pipelines
          </Link>
          <ChevronRight aria-hidden size={14} className="text-ink-3" />
          <h1 className="min-w-0 truncate text-lg">
            {name} <span className="num font-normal text-ink-3">{id}</span>
          </h1>
          <StatusBadge status={status} soft />
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {links?.trace && <Away href={links.trace}>View trace</Away>}
          {links?.logs && <Away href={links.logs}>Logs</Away>}
          <PipelineActions pipeline={pipeline} />
        </div>
      </div>
      {cancelReason && <p className="mt-1 text-ink-2">Cancelled: {cancelReason}</p>}
      <Facts pipeline={pipeline} />
      {keywords.length > 0 && (
        <ul aria-label="Keywords" className="mt-2 flex flex-wrap gap-1">
          {keywords.map((keyword) => (
            <li key={keyword}>
              <Link
                to="/pipelines"
                search={{ keyword }}
                className="block rounded-sm bg-idle-soft px-1.5 text-ink-2 text-xs leading-5 hover:text-ink"
              >
                {keyword}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </header>
  );
}

const Away = ({ href, children }: { href: string; children: ReactNode }) => (
  <a href={href} target="_blank" rel="noreferrer" className={buttonClass()}>
    <ExternalLink aria-hidden size={14} />
    {children}
  </a>
);

function Facts({ pipeline }: { pipeline: Pipeline }) {
  const { traceId, trigger, version, environment, run, createdAt, runAt, startedAt, finishedAt, stages, status } = pipeline;
  const begins = status === 'not_started' && runAt;
  return (
    <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-2">
      <Fact label="Stages">
        <StageProgress stages={stages} wide />
      </Fact>
      <Fact label="Created">
        <Time at={createdAt} />
      </Fact>
      {begins ? (
        <Fact label="Starts">
          <Time at={runAt} />
        </Fact>
      ) : (
        <Fact label={finishedAt ? 'Took' : 'Running for'}>
          <Duration since={startedAt} until={finishedAt} />
        </Fact>
      )}
      {finishedAt && (
        <Fact label="Ended">
          <Time at={finishedAt} />
        </Fact>
      )}
      <Fact label="Trigger">
        {triggerWord(trigger)}
        {run > 1 && <span className="text-ink-3"> · run {run}</span>}
      </Fact>
      {version && <Fact label="Version">{version}</Fact>}
      {environment && <Fact label="Environment">{environment}</Fact>}
      <Fact label="Trace id">
        <span className="flex items-center">
          <Mono>{traceId}</Mono>
          <CopyButton text={traceId} label="Copy trace id" className="-my-1 ml-1" />
        </span>
      </Fact>
    </dl>
  );
}

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <dt className="text-ink-3 text-xs">{label}</dt>
    <dd className="num flex min-h-5 items-center gap-1">{children}</dd>
  </div>
);
