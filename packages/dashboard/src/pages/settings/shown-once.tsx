import type { ReactNode } from 'react';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code.js';
import { Dialog } from '../../ui/dialog.js';

interface ShownOnceProps {
  title: string;
  /** What it is, as `key`. */
  label: string;
  secret: string;
  children?: ReactNode;
  onClose(): void;
}

/** What no other answer will ever hold. A click beside it does not close it. */
export function ShownOnce({ title, label, secret, children, onClose }: ShownOnceProps) {
  return (
    <Dialog
      open
      stays
      onOpenChange={(open) => open || onClose()}
      title={title}
      description="It is shown this once and stored nowhere: copy it now."
      footer={
        <Button tone="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <CodeBlock label={label} code={secret} />
        {children}
      </div>
    </Dialog>
  );
}
