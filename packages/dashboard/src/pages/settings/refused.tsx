import { Card } from '../../ui/card.js';
import { EmptyState } from '../../ui/states.js';

/** In place of what the user's role does not show, where an address led there. */
export const Refused = ({ title, children }: { title: string; children: string }) => (
  <Card>
    <EmptyState title={title}>{children}</EmptyState>
  </Card>
);
