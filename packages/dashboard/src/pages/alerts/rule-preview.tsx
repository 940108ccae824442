import type { AlertPreview } from '@pipelogiq/protocol';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code.js';
import { Dialog } from '../../ui/dialog.js';
import { StatusBadge } from '../../ui/status.js';
import { eventWord } from './words.js';

/** JSON with lines, where it is JSON. */
function readable(message: string): string {
  try {
    return JSON.stringify(JSON.parse(message), null, 2);
  } catch {
    return message;
  }
}

/** What a rule would say of an event that is made up; nothing was sent. */
export function RulePreview({ preview, onClose }: { preview: AlertPreview; onClose(): void }) {
  const { event, severity, title, body, channels } = preview;
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Preview"
      description={`What it would say of ${eventWord(event).toLowerCase()}, with an event that is made up. Nothing was sent.`}
      footer={<Button onClick={onClose}>Close</Button>}
    >
      <div className="flex flex-col gap-4">
        <div className="rounded-md border border-line bg-canvas px-3 py-2.5">
          <p className="flex flex-wrap items-center gap-2">
            <StatusBadge status={severity} soft />
            <span className="font-medium">{title}</span>
          </p>
          {body !== '' && <p className="mt-1 whitespace-pre-wrap break-words text-ink-2 text-sm">{body}</p>}
        </div>
        {channels.length === 0 && <p className="text-ink-3 text-sm">It tells no channel.</p>}
        {channels.map(({ id, name, message }) => (
          <section key={id}>
            <h3 className="mb-1 text-sm">To {name}</h3>
            <CodeBlock label={`message to ${name}`} code={readable(message)} />
          </section>
        ))}
      </div>
    </Dialog>
  );
}
