import { type Channel, type ChannelTested, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { fill, post } from '../../api/http.js';
import { formatDuration } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code.js';
import { Dialog } from '../../ui/dialog.js';
import { ErrorNote } from '../../ui/states.js';
import { StatusIcon } from '../../ui/status.js';
import { rereadAlerts } from './queries.js';

/** Sends a message that says that it is a test, and shows what the provider answered. */
export function ChannelTest({ channel: { id, name }, onClose }: { channel: Channel; onClose(): void }) {
  const test = useMutation({
    mutationFn: () => post<ChannelTested>(fill(ROUTES.alertChannelTest, id)),
    onSettled: rereadAlerts,
  });
  const footer = (
    <>
      <Button onClick={onClose}>Close</Button>
      <Button tone="primary" icon={<Send aria-hidden size={14} />} busy={test.isPending} onClick={() => test.mutate()}>
        {test.data || test.error ? 'Send again' : 'Send a test'}
      </Button>
    </>
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={`Test ${name}`}
      description="A message that says that it is a test goes to the channel now."
      footer={footer}
    >
      <div aria-live="polite" className="min-h-16">
        {test.error ? <ErrorNote error={test.error} /> : test.data && <Answer tested={test.data} />}
      </div>
    </Dialog>
  );
}

function Answer({ tested: { ok, message, status, answer, durationMs } }: { tested: ChannelTested }) {
  return (
    <div className="flex flex-col gap-2">
      <p className="flex items-start gap-2">
        <StatusIcon status={ok ? 'ok' : 'failed'} size={14} className="mt-[3px]" />
        <span className="min-w-0">
          <span className="font-medium">{ok ? 'It was taken. ' : 'It was not taken. '}</span>
          <span className="break-words text-ink-2">{message}</span>
        </span>
      </p>
      <p className="num text-ink-3 text-xs">
        {status === undefined ? 'No answer' : `Status ${status}`}, after {formatDuration(durationMs)}
      </p>
      {answer !== undefined && answer !== '' && !message.includes(answer) && (
        <CodeBlock label="answer of the provider" code={answer} />
      )}
    </div>
  );
}
