import { ArrowUp, ChevronDown } from 'lucide-react';
import { formatCount } from '../../lib/format.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Menu } from '../../ui/menu.js';
import { BULK_CHOICES, type BulkChoice, KINDS } from './bulk.js';

interface ListHeaderProps {
  chosen: number;
  onChooseNone(): void;
  newer: number;
  isNewerMore: boolean;
  onNewer(): void;
  /** To the rows that are chosen, or when none is to all that match. */
  onAct(choice: BulkChoice): void;
  isFiltered: boolean;
}

/** One line over the rows, always as high: what is chosen, what is new, and what can be done. */
export function ListHeader({ chosen, onChooseNone, newer, isNewerMore, onNewer, onAct, isFiltered }: ListHeaderProps) {
  const mayAct = useMay('operate');
  return (
    <div className="flex h-11 items-center justify-between gap-3 border-line border-b px-4">
      <div className="flex min-w-0 items-center gap-3" aria-live="polite">
        {chosen > 0 ? (
          <>
            <span className="num whitespace-nowrap font-medium">{formatCount(chosen)} chosen</span>
            <Button size="sm" tone="ghost" onClick={onChooseNone}>
              Choose none
            </Button>
          </>
        ) : (
          <span className="whitespace-nowrap text-ink-3 text-xs">Newest first</span>
        )}
        {newer > 0 && (
          <Button size="sm" icon={<ArrowUp aria-hidden size={13} />} className="text-accent" onClick={onNewer}>
            {formatCount(newer)}
            {isNewerMore ? '+' : ''} new
          </Button>
        )}
      </div>
      {mayAct && (
        <Menu
          trigger={
            <Button size="sm">
              {chosen > 0 ? `Act on ${formatCount(chosen)} chosen` : isFiltered ? 'Act on all that match' : 'Act on all'}
              <ChevronDown aria-hidden size={13} />
            </Button>
          }
          groups={groupsOf(chosen > 0, onAct)}
        />
      )}
    </div>
  );
}

function groupsOf(isOfRows: boolean, onAct: (choice: BulkChoice) => void) {
  const choices = BULK_CHOICES.filter((choice) => !isOfRows || KINDS[choice].from);
  const item = (choice: BulkChoice) => ({
    id: choice,
    label: `${KINDS[choice].label}…`,
    danger: KINDS[choice].danger ?? false,
    onSelect: () => onAct(choice),
  });
  return [
    { title: null, items: choices.filter((choice) => !KINDS[choice].danger).map(item) },
    { title: null, items: choices.filter((choice) => KINDS[choice].danger).map(item) },
  ];
}
