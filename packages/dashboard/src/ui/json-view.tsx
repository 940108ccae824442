import type { Json } from '@pipelogiq/protocol';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { cx } from '../lib/cx.js';
import { CopyButton } from './code.js';
import { Scroll } from './scroll.js';

/** Entries that are shown at once; more come in steps of as many. */
const STEP = 100;
/** Levels that are open at first. */
const OPEN_LEVELS = 2;
/** Longest text that is shown whole. */
const LONG_TEXT = 500;

const isBranch = (value: Json): value is Json[] | { [key: string]: Json } => typeof value === 'object' && value !== null;

/** JSON as a tree. What is closed is not rendered, so that a quarter of a megabyte opens at once. */
export function JsonView({ value, label, className }: { value: Json; label: string; className?: string }) {
  return (
    <div className={cx('relative rounded-md border border-line bg-canvas', className)}>
      <Scroll label={label} className="max-h-96 overflow-auto px-3 py-2 pr-10 font-mono text-xs leading-5">
        <Node value={value} depth={0} />
      </Scroll>
      <CopyButton
        text={JSON.stringify(value, null, 2)}
        label={`Copy ${label}`}
        className="absolute top-1.5 right-1.5 bg-canvas"
      />
    </div>
  );
}

function Node({ name, value, depth }: { name?: string; value: Json; depth: number }) {
  if (!isBranch(value) || Object.keys(value).length === 0) {
    return (
      <div className="break-words pl-4">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  return <Branch {...(name !== undefined && { name })} value={value} depth={depth} />;
}

function Branch({ name, value, depth }: { name?: string; value: Json[] | { [key: string]: Json }; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_LEVELS);
  const [shown, setShown] = useState(STEP);
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex min-h-6 items-center rounded-sm text-left hover:bg-hover"
      >
        <ChevronRight
          aria-hidden
          size={12}
          className={cx('mr-1 shrink-0 text-ink-3 transition-transform', open && 'rotate-90')}
        />
        <Name name={name} />
        <span className="text-ink-3">{isList ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </button>
      {open && (
        <div className="ml-[5px] border-line border-l pl-2">
          {entries.slice(0, shown).map(([key, entry]) => (
            <Node key={key} name={key} value={entry} depth={depth + 1} />
          ))}
          {entries.length > shown && (
            <button type="button" onClick={() => setShown(shown + STEP)} className="pl-4 text-accent hover:underline">
              {entries.length - shown} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Name({ name }: { name: string | undefined }) {
  if (name === undefined) return null;
  return <span className="mr-1.5 text-ink-2">{name}:</span>;
}

function Leaf({ value }: { value: Json }) {
  const [whole, setWhole] = useState(false);
  if (typeof value !== 'string')
    return <span className={value === null ? 'text-ink-3' : 'text-run'}>{JSON.stringify(value)}</span>;
  const isCut = value.length > LONG_TEXT && !whole;
  return (
    <span className="whitespace-pre-wrap text-ok">
      "{isCut ? value.slice(0, LONG_TEXT) : value}"
      {isCut && (
        <button type="button" onClick={() => setWhole(true)} className="ml-1 text-accent hover:underline">
          {value.length - LONG_TEXT} more characters
        </button>
      )}
    </span>
  );
}
