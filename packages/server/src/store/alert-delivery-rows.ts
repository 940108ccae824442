import type { AlertAction, AlertDeliveryState } from '@pipelogiq/protocol';
import type { AlertChannelRow } from './alert-rows.js';
import type { Ms } from './rows.js';

export interface AlertDeliveryTable {
  id: number;
  application_id: number;
  channel_id: number;
  incident_id: number;
  action: AlertAction;
  state: AlertDeliveryState;
  title: string;
  /** JSON of a Notification. */
  notification: string;
  /** Tries whose end is known. */
  attempts: number;
  /** Tries since then whose end nobody wrote: the server was killed, or was too slow. They may have arrived. */
  unheard: number;
  next_try_at: Ms;
  /** Who delivers it, and until when nobody else does. It stays when nobody wrote how that ended. */
  holder: string | null;
  held_until: Ms;
  last_status: number | null;
  last_answer: string | null;
  /** JSON array of receivers of a mail that have got it while others have not; null: not known of any. */
  reached: string | null;
  created_at: Ms;
  settled_at: Ms | null;
}

export type AlertDeliveryRow = AlertDeliveryTable;

/** How one try of a delivery ended. */
export interface AlertAttempt {
  id: number;
  state: AlertDeliveryState;
  next_try_at: Ms;
  last_status: number | null;
  last_answer: string | null;
  reached: string | null;
  settled_at: Ms | null;
}

export interface ChannelNote {
  delivered: number;
  failed: number;
  error?: string;
  /** Of a round of tries: until when the whole channel waits; null: not at all. Left out, its pause and its failures stay as they are. */
  retryAt?: Ms | null;
  now: Ms;
}

/** Messages on their way to a channel. */
export interface AlertDeliveries {
  insertAlertDeliveries(rows: AlertDeliveryRow[]): Promise<void>;
  /** Of each of these incidents, the channels that its beginning was queued for, whatever became of it: what failed may have been heard. */
  triggersOf(incidentIds: number[]): Promise<{ incident_id: number; channel_id: number }[]>;
  /** How many wait, by channel. */
  pendingAlerts(channelIds: number[]): Promise<{ channel_id: number; count: number }[]>;
  /**
   * The oldest that are due and nobody holds, one of each incident: an end is not told before its beginning. They are `holder`'s until
   * `heldUntil`, and a try of them that nobody wrote the end of is counted. None of a channel that is off or waits.
   */
  claimAlerts(
    channelId: number,
    claim: { holder: string; heldUntil: Ms; now: Ms; limit: number },
  ): Promise<{ channel: AlertChannelRow; rows: AlertDeliveryRow[] } | undefined>;
  /** Writes how tries ended, of those that `holder` holds, and counts the attempts. The ids of these. */
  settleAlerts(attempts: AlertAttempt[], holder: string): Promise<number[]>;
  /** Gives back those of `ids` that `holder` holds and has not sent. */
  releaseAlerts(ids: number[], holder: string): Promise<void>;
  /** Nobody holds those of `ids` that `holder` held: how their tries ended is not known. */
  abandonAlerts(ids: number[], holder: string): Promise<void>;
  /** Nobody holds any: how tries under way ended is not known. */
  abandonAllAlerts(): Promise<void>;
  noteChannel(id: number, note: ChannelNote): Promise<void>;
  alertDeliveryToChange(applicationId: number, id: number): Promise<AlertDeliveryRow | undefined>;
  /** Whether a message that is younger than this one, of its incident and channel, was delivered, or is an end that was given up. */
  isToldLater(row: Pick<AlertDeliveryRow, 'id' | 'incident_id' | 'channel_id'>): Promise<boolean>;
  updateAlertDelivery(id: number, changes: Partial<AlertDeliveryRow>): Promise<void>;
  /** Moves what is to happen by so many milliseconds: of messages, of channels that wait, of incidents and of conditions. */
  shiftAlerts(gap: { gapMs: Ms; now: Ms }): Promise<void>;
  /** Removes what ended before; up to `limit` rows of each table. Whether there is more. */
  pruneAlerts(before: Ms, limit: number): Promise<boolean>;
}
