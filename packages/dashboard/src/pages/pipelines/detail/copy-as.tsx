import { type ContextItem, DEFAULTS, type Pipeline, type Stage } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Code } from 'lucide-react';
import { useState } from 'react';
import { API_URL } from '../../../api/http.js';
import { Button } from '../../../ui/button.js';
import { CodeBlock } from '../../../ui/code.js';
import { Dialog } from '../../../ui/dialog.js';
import { ErrorState, Skeleton } from '../../../ui/states.js';
import { Tabs } from '../../../ui/tabs.js';
import { contextQuery, stagesQuery } from './queries.js';

/** Leaves out what would be so anyway. */
const unless = <T,>(value: T | undefined, usual: T | undefined) => (value === usual ? undefined : value);

function stageSpec(stage: Stage, previous: Stage | undefined) {
  const { name, handler, input, dependsOn, maxAttempts, timeoutMs, priority, runNextIfFailed, waitFor, pendingTimeoutMs } = stage;
  const usual = previous ? [previous.name] : [];
  return {
    name,
    handler: unless(handler, name),
    input: input ?? undefined,
    dependsOn: dependsOn.join('\n') === usual.join('\n') ? undefined : dependsOn,
    maxAttempts: unless(maxAttempts, DEFAULTS.maxAttempts),
    timeoutMs: waitFor ? timeoutMs : unless(timeoutMs, DEFAULTS.timeoutMs),
    priority: unless(priority, DEFAULTS.priority),
    runNextIfFailed: runNextIfFailed || undefined,
    waitFor,
    pendingTimeoutMs,
  };
}

/** The body that makes this pipeline again. Values that the server does not tell are left out. */
function bodyOf(pipeline: Pipeline, stages: readonly Stage[], context: readonly ContextItem[]): string {
  const { name, keywords, version, environment, priority, slaMs } = pipeline;
  const told = context.filter(({ sensitive }) => !sensitive);
  const body = {
    name,
    stages: stages.map((stage, index) => stageSpec(stage, stages[index - 1])),
    keywords: keywords.length > 0 ? keywords : undefined,
    context: told.length > 0 ? Object.fromEntries(told.map(({ key, value }) => [key, value])) : undefined,
    version,
    environment,
    priority: unless(priority, DEFAULTS.priority),
    slaMs,
  };
  return JSON.stringify(body, null, 2);
}

const curl = (body: string) => `curl -sS '${API_URL}/pipelines' \\
  -H "authorization: Bearer $PIPELOGIQ_API_KEY" \\
  -H 'content-type: application/json' \\
  --data-binary @- <<'JSON'
${body}
JSON`;

const sdk = (body: string) => `import { Pipelogiq } from '@pipelogiq/sdk';

const pipelogiq = new Pipelogiq({ url: '${API_URL}' }); // with PIPELOGIQ_API_KEY
const { id } = await pipelogiq.pipelines.create(${body});
console.log(id);
await pipelogiq.close();`;

export function CopyAs({ pipeline }: { pipeline: Pipeline }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon={<Code aria-hidden size={14} />} onClick={() => setOpen(true)}>
        Copy as code
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        kind="side"
        title="Make this pipeline again"
        description="As it is now, in a new pipeline with a key of yours."
      >
        <CodeOf pipeline={pipeline} />
      </Dialog>
    </>
  );
}

/** What the dialog is there for: the focus begins at it. */
const shown = (code: string, label: string) => (
  <div data-dialog-first>
    <CodeBlock code={code} label={label} />
  </div>
);

function CodeOf({ pipeline }: { pipeline: Pipeline }) {
  const [form, setForm] = useState('curl');
  const stages = useQuery(stagesQuery(pipeline.id));
  const context = useQuery(contextQuery(pipeline.id));
  const error = stages.error ?? context.error;
  if (error) return <ErrorState error={error} onRetry={() => void Promise.all([stages.refetch(), context.refetch()])} />;
  if (!stages.data || !context.data) return <Skeleton className="h-64" />;
  const body = bodyOf(pipeline, stages.data, context.data);
  const secrets = context.data.filter(({ sensitive }) => sensitive).map(({ key }) => key);
  return (
    <>
      <Tabs
        label="Form"
        value={form}
        onChange={setForm}
        tabs={[
          { id: 'curl', label: 'curl', content: shown(curl(body), 'command') },
          { id: 'sdk', label: 'SDK', content: shown(sdk(body), 'program') },
        ]}
      />
      <p className="mt-3 text-ink-3 text-xs">
        The server does not tell backoffs, delays and failIfOutputEmpty of stages: add those that it had.
        {secrets.length > 0 && ` Sensitive context is left out: ${secrets.join(', ')}.`}
      </p>
    </>
  );
}
