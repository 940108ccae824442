import { type Channel, type ChannelSpec, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { fill, put } from '../../api/http.js';
import { Button } from '../../ui/button.js';
import { ConfirmDelete } from '../../ui/confirm-danger.js';
import { toast } from '../../ui/toast.js';
import { ChannelForm } from './channel-form.js';
import { ChannelTest } from './channel-test.js';
import { EntryMenu } from './entry-menu.js';
import { rereadAlerts } from './queries.js';

/** What is asked of somebody, in a dialog. */
export type ChannelAsk = { what: 'make'; channel?: undefined } | { what: 'edit' | 'test' | 'delete'; channel: Channel };

const icon = { 'aria-hidden': true, size: 14 } as const;

/** All that it is, with its secrets as they are shown, which stands for those that are stored. */
const specOf = ({ name, type, enabled, config }: Channel): ChannelSpec => ({ name, type, enabled, config });

export function ChannelMenu({ channel, onAsk }: { channel: Channel; onAsk(ask: ChannelAsk): void }) {
  const { id, name, enabled } = channel;
  const toggle = useMutation({
    mutationFn: () => put<Channel>(fill(ROUTES.alertChannel, id), { ...specOf(channel), enabled: !enabled }),
    onSuccess: () => toast.done(enabled ? `${name} is switched off: its messages wait` : `${name} is switched on`),
    onError: toast.failed,
    onSettled: rereadAlerts,
  });
  const test = () => onAsk({ what: 'test', channel });
  return (
    <span className="inline-flex items-center justify-end gap-1">
      <Button size="sm" className="max-md:hidden" aria-label={`Send a test to ${name}`} icon={<Send {...icon} />} onClick={test}>
        Send a test
      </Button>
      <EntryMenu
        entry={channel}
        first={{ id: 'test', label: 'Send a test', icon: <Send {...icon} />, onSelect: test }}
        isToggling={toggle.isPending}
        onEdit={() => onAsk({ what: 'edit', channel })}
        onToggle={() => toggle.mutate()}
        onDelete={() => onAsk({ what: 'delete', channel })}
      />
    </span>
  );
}

interface QuestionProps {
  ask: ChannelAsk;
  onAsk(ask: ChannelAsk | undefined): void;
}

export function ChannelQuestion({ ask, onAsk }: QuestionProps) {
  const close = () => onAsk(undefined);
  switch (ask.what) {
    case 'make':
      return <ChannelForm onClose={close} onMade={(channel) => onAsk({ what: 'test', channel })} />;
    case 'edit':
      return <ChannelForm channel={ask.channel} onClose={close} />;
    case 'test':
      return <ChannelTest channel={ask.channel} onClose={close} />;
    case 'delete':
      return <DeleteChannel channel={ask.channel} onClose={close} />;
  }
}

function DeleteChannel({ channel: { id, name }, onClose }: { channel: Channel; onClose(): void }) {
  return (
    <ConfirmDelete name={name} path={fill(ROUTES.alertChannel, id)} onDeleted={rereadAlerts} onClose={onClose}>
      Its messages go with it, also those that wait. A channel that rules tell is kept: take it out of them first.
    </ConfirmDelete>
  );
}
