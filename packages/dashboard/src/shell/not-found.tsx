import { Link } from '@tanstack/react-router';
import { buttonClass } from '../ui/button.js';
import { useTitle } from '../ui/page.js';
import { EmptyState } from '../ui/states.js';

export function NotFound() {
  useTitle('Not found');
  return (
    <EmptyState
      title="There is no such page"
      action={
        <Link to="/operations" className={`${buttonClass()} mx-auto`}>
          To Operations
        </Link>
      }
    >
      The address leads nowhere, or to something that was deleted.
    </EmptyState>
  );
}
