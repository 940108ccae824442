import { Link } from '@tanstack/react-router';
import { buttonClass } from '../ui/button.js';
import { Card } from '../ui/card.js';
import { PageHeader } from '../ui/page.js';
import { EmptyState } from '../ui/states.js';

/** Where the address leads nowhere; the navigation stands beside, as on every page. */
export default function NotFound() {
  return (
    <>
      <PageHeader title="Not found" />
      <Card>
        <EmptyState
          title="There is no such page"
          action={
            <Link to="/operations" className={buttonClass()}>
              To Operations
            </Link>
          }
        >
          The address leads nowhere, or to something that was deleted.
        </EmptyState>
      </Card>
    </>
  );
}
