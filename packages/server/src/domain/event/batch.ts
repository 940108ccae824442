import type { EventType } from '@pipelogiq/protocol';
import type { EventPosition, EventRow } from '../../store/store.js';
import { encodeEventCursor } from './cursor.js';
import { applicationOf, liveEvent, pipelineIdOf, readEvents, type StoredEvent, typeOf } from './stored.js';

/** One event on its way out. */
export interface OutgoingEvent {
  /** What `Last-Event-ID` resumes after. */
  cursor: string;
  type: EventType;
  /** JSON of a LiveEvent. */
  data: string;
}

/** What a stream lets through. */
export interface StreamFilter {
  applicationId: number;
  pipelineId?: number | undefined;
  types?: ReadonlySet<EventType> | undefined;
}

/** The events of one row, read once for all streams: each is made ready at most once, and only when a stream wants it. */
export class EventBatch {
  readonly row: EventPosition;
  readonly #events: readonly StoredEvent[];
  readonly #outgoing: (OutgoingEvent | undefined)[] = [];
  /** Positions by application. */
  #byApplication: Map<number, number[]> | undefined;

  constructor({ id, writtenAt, payload }: EventRow) {
    this.row = { id, writtenAt };
    this.#events = payload === null ? [] : readEvents(payload);
  }

  /** Those behind `index` that the filter lets through, in order. */
  select({ applicationId, pipelineId, types }: StreamFilter, index = -1): OutgoingEvent[] {
    const selected: OutgoingEvent[] = [];
    for (const position of this.#of(applicationId)) {
      const event = this.#events[position] as StoredEvent;
      if (position <= index || (pipelineId !== undefined && pipelineIdOf(event) !== pipelineId)) continue;
      const type = typeOf(event);
      if (type === undefined || (types && !types.has(type))) continue;
      selected.push(this.#outgoingAt(position, type, event));
    }
    return selected;
  }

  #of(applicationId: number): readonly number[] {
    this.#byApplication ??= this.#indexed();
    return this.#byApplication.get(applicationId) ?? [];
  }

  #indexed(): Map<number, number[]> {
    const positions = new Map<number, number[]>();
    for (const [position, event] of this.#events.entries()) {
      const known = positions.get(applicationOf(event));
      if (known) known.push(position);
      else positions.set(applicationOf(event), [position]);
    }
    return positions;
  }

  #outgoingAt(position: number, type: EventType, event: StoredEvent): OutgoingEvent {
    const made = this.#outgoing[position] ?? {
      cursor: encodeEventCursor({ row: this.row, index: position }),
      type,
      data: JSON.stringify(liveEvent(event, this.row.writtenAt)),
    };
    this.#outgoing[position] = made;
    return made;
  }
}
