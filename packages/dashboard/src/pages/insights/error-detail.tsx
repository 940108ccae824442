import type { ErrorGroup } from '@pipelogiq/protocol';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { formatCount } from '../../lib/format.js';
import { CodeBlock } from '../../ui/code.js';
import { Dialog } from '../../ui/dialog.js';
import { Time } from '../../ui/time.js';
import { Replay } from './replay.js';

/** One group of errors: what it says, where it happened, and running again what it stopped. */
export function ErrorDetail({ group, onClose }: { group: ErrorGroup; onClose(): void }) {
  const { code, message, handler, count, failedStages, firstSeenAt, lastSeenAt, examples } = group;
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} kind="side" title={code} description={`Of the handler ${handler}`}>
      <div className="flex flex-col gap-5 pb-4">
        <CodeBlock label="message" code={message} />
        <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-4">
          <Fact label="Attempts that failed so">{formatCount(count)}</Fact>
          <Fact label="Stages lost to it">{formatCount(failedStages)}</Fact>
          <Fact label="First seen">
            <Time at={firstSeenAt} />
          </Fact>
          <Fact label="Last seen">
            <Time at={lastSeenAt} />
          </Fact>
        </dl>
        <Replay group={group} />
        <section>
          <h3 className="text-sm">Examples</h3>
          <ul className="mt-1.5 rounded-md border border-line">
            {examples.map(({ stageId, pipelineId, at }) => (
              <li
                key={`${stageId} ${at}`}
                className="flex items-center justify-between gap-3 border-line border-b px-3 py-1.5 last:border-b-0"
              >
                <span className="min-w-0 truncate">
                  <Link to={pathOf(pipelineId)} className="num font-medium text-accent hover:underline">
                    Pipeline {pipelineId}
                  </Link>{' '}
                  <span className="num text-ink-3 text-xs">stage {stageId}</span>
                </span>
                <span className="text-ink-3">
                  <Time at={at} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Dialog>
  );
}

const pathOf = (pipelineId: string): string => `/pipelines/${pipelineId}`;

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <dt className="text-ink-3 text-xs">{label}</dt>
    <dd className="num font-medium">{children}</dd>
  </div>
);
