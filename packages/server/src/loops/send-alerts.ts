import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { ChannelKind, ChannelKinds, Verdict } from '../domain/alert/channel.js';
import { notificationFor, type Tried, tryOnce, type Wire } from '../domain/alert/deliver.js';
import { changedSettings, OpenedChannels } from '../domain/alert/stored-channel.js';
import { type AlertTrouble, lostAnswers } from '../domain/alert/troubles.js';
import type { Group } from '../domain/commit/tickets.js';
import type { Settings } from '../domain/integration/kind.js';
import type { Secrets } from '../secrets/secrets.js';
import type { AlertAttempt, AlertChannelRow, AlertDeliveryRow, Ms, Reads } from '../store/store.js';
import type { Logger } from '../telemetry/logging.js';
import { Gathering } from './gathering.js';
import { Lanes, retryWait } from './lanes.js';
import type { Loop } from './loop.js';

export const SEND_ALERTS = 'send-alerts';

const LOOK_EVERY_MS = 1_000; // a net: commits that queue something ask for a look
/** Channels that are looked at in one round. */
const LANES = 200;
/** Messages without a channel that one look deals with. */
const CLEARED = 500;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 300_000;
/** What was sent is noted so many times while what happens is gathered once, and not much later than that. */
const NOTED_AT_A_TIME = 5;
const LONGEST_NOTING_MS = 200;
/** A channel that fails is left alone for this long at most. */
const LONGEST_PAUSE_MS = 60_000;

export interface AlertSenderDeps {
  config: { outboundTimeoutMs: Ms; alertGiveUpMs: Ms; alertConcurrency: number; alertGatherMs: Ms };
  clock: Clock;
  reads: Pick<Reads, 'dueAlertChannels' | 'hasLeftovers' | 'now'>;
  kinds: ChannelKinds;
  secrets: Secrets;
  wire: Wire;
  /** Runs a piece of work in the committer's next group. */
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
  /** A delivery ended, or will be tried again. */
  onTried(type: string, outcome: 'delivered' | 'retried' | 'failed', ageMs: Ms): void;
  log: Pick<Logger, 'warn' | 'info'>;
}

interface Claimed {
  channel: AlertChannelRow;
  rows: AlertDeliveryRow[];
}

interface Outcome {
  row: AlertDeliveryRow;
  tried: Tried;
  /** The server stopped before anything answered. */
  isBrokenOff?: boolean;
}

const NOT_BEGUN: Tried = { verdict: { kind: 'later', message: 'The server stopped.' }, reason: 'not_sent' };

/**
 * Delivers messages. Each channel has a lane of its own, with some deliveries under way at a time.
 */
export class AlertSender {
  readonly #deps: AlertSenderDeps;
  readonly #lanes: Lanes;
  readonly #holder: string;
  readonly #noting: Gathering;
  readonly #channels: OpenedChannels;
  #turns = Promise.resolve();

  constructor(deps: AlertSenderDeps) {
    this.#deps = deps;
    this.#holder = deps.clock.randomHex(8);
    this.#channels = new OpenedChannels(deps.secrets);
    this.#noting = new Gathering(deps.clock, Math.min(deps.config.alertGatherMs / NOTED_AT_A_TIME, LONGEST_NOTING_MS));
    this.#lanes = new Lanes({
      due: async () => deps.reads.dueAlertChannels(await deps.reads.now(), LANES),
      step: (channelId) => this.#step(channelId),
      onError: (err, channelId) => deps.log.warn({ err, channel_id: channelId }, 'messages of a channel wait'),
    });
  }

  loops(): Loop[] {
    return [{ name: SEND_ALERTS, everyMs: LOOK_EVERY_MS, onLeader: true, run: () => this.#look() }];
  }

  async #look(): Promise<{ inMs: Ms } | undefined> {
    const more = await this.#clear();
    await this.#lanes.look();
    return more ? { inMs: 0 } : undefined;
  }

  /** Messages of channels that are gone or have been off for too long. Whether there are more. */
  async #clear(): Promise<boolean> {
    const { reads, config, inGroup, log } = this.#deps;
    const { alertGiveUpMs } = config;
    if (!(await reads.hasLeftovers((await reads.now()) - alertGiveUpMs))) return false;
    const { isMore, lost } = await inGroup(async ({ tx, now, effects }) => {
      const isMore = await tx.deleteGone(CLEARED);
      const rows = await tx.giveUpAlerts(now - alertGiveUpMs, now, CLEARED);
      const lost = new Map<number, number>();
      for (const { channel_id, type, ...row } of rows) {
        lost.set(channel_id, (lost.get(channel_id) ?? 0) + 1);
        effects.alertTroubles.push(...lostAnswers(type, row), { type, outcome: 'lost', reason: 'channel_off', count: 1 });
      }
      const error = 'Messages were given up: the channel was switched off for too long.';
      for (const [id, failed] of lost) await tx.noteChannel(id, { delivered: 0, failed, error, now });
      return { isMore: isMore || rows.length === CLEARED, lost };
    });
    for (const [channel_id, messages] of lost)
      log.warn({ channel_id, messages }, 'messages of alerts are given up: their channel is off');
    return isMore;
  }

  /** Ends the calls under way; what they were to deliver is free again. */
  stop(): Promise<void> {
    const stopped = this.#lanes.stop();
    this.#noting.end();
    return stopped;
  }

  /**
   * Sends until nothing is due, or the channel has to rest. What was sent is noted by the commit that claims what comes next, which
   * channels share: each commit is a wait for the disk, in which no worker is served.
   */
  async #step(channelId: number): Promise<boolean> {
    const { inGroup } = this.#deps;
    const holder = `${this.#holder}:${channelId}`;
    let claimed = await inGroup((group) => this.#claim(group, channelId, holder));
    while (claimed && claimed.rows.length > 0) {
      const { channel, rows } = claimed;
      const outcomes = await this.#sendAll(channel, rows);
      await this.#noting.wait();
      claimed = await inGroup(async (group) => {
        if (this.#lanes.signal.aborted) return this.#giveBack(group, channel, outcomes, holder);
        await this.#finish(group, channel, outcomes, holder);
        return this.#claim(group, channelId, holder); // nothing, where the channel has to rest
      });
    }
    return false;
  }

  #claim({ tx, now }: Group, channelId: number, holder: string): Promise<Claimed | undefined> {
    const { config } = this.#deps;
    const holdMs = 2 * config.outboundTimeoutMs + LOOK_EVERY_MS; // all are sent at once
    return tx.claimAlerts(channelId, { holder, heldUntil: now + holdMs, now, limit: config.alertConcurrency });
  }

  /** The server stops: what it has not sent is free again. A call that it broke off may have arrived. */
  async #giveBack(group: Group, channel: AlertChannelRow, outcomes: readonly Outcome[], holder: string): Promise<undefined> {
    const known = outcomes.filter(({ isBrokenOff }) => !isBrokenOff);
    await this.#finish(group, channel, known, holder);
    const broken = outcomes.filter(({ isBrokenOff }) => isBrokenOff);
    const idsOf = (isUnsent: boolean) =>
      broken.filter(({ tried }) => (tried.reason === 'not_sent') === isUnsent).map(({ row }) => row.id);
    await group.tx.releaseAlerts(idsOf(true), holder);
    await group.tx.abandonAlerts(idsOf(false), holder);
  }

  async #sendAll(channel: AlertChannelRow, rows: readonly AlertDeliveryRow[]): Promise<Outcome[]> {
    const { kinds } = this.#deps;
    const kind = kinds.get(channel.type);
    let settings: Settings;
    try {
      if (!kind) throw new Error(`This server knows no channel ${channel.type}.`);
      settings = this.#channels.settingsOf(kind, channel);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return rows.map((row) => ({ row, tried: { verdict: { kind: 'later', message }, reason: 'not_sent' } }));
    }
    return Promise.all(
      rows.map(async (row) => {
        await this.#turn();
        return this.#try(kind, settings, row);
      }),
    );
  }

  /** One message a turn of the event loop, of all channels: workers who pull meanwhile wait for one, not for all that begin at once. */
  #turn(): Promise<void> {
    const turn = this.#turns.then(() => setImmediate());
    this.#turns = turn;
    return turn;
  }

  async #try(kind: ChannelKind, settings: Settings, row: AlertDeliveryRow): Promise<Outcome> {
    const { wire, clock } = this.#deps;
    const { signal } = this.#lanes;
    if (signal.aborted) return { row, tried: NOT_BEGUN, isBrokenOff: true };
    const tried = await tryOnce({ wire, now: () => clock.now(), signal }, kind, settings, notificationFor(row), reachedBy(row));
    return { row, tried, isBrokenOff: signal.aborted && tried.status === undefined && tried.verdict.kind === 'later' };
  }

  /** Of what another server has taken over meanwhile, that one tells. */
  async #finish(group: Group, channel: AlertChannelRow, tries: readonly Outcome[], holder: string): Promise<void> {
    const { tx, now } = group;
    const ended = tries.map((outcome) => ({ ...outcome, attempt: this.#attemptOf(outcome, now) }));
    const written = new Set(
      await tx.settleAlerts(
        ended.map(({ attempt }) => attempt),
        holder,
      ),
    );
    const outcomes = ended.filter(({ row }) => written.has(row.id));
    if (outcomes.length === 0) return;
    const attempts = outcomes.map(({ attempt }) => attempt);
    const by = (state: AlertAttempt['state']): number => attempts.filter((attempt) => attempt.state === state).length;
    const later = outcomes.map(({ tried }) => tried.verdict).filter((verdict) => verdict.kind === 'later');
    const wrong = outcomes.map(({ tried }) => tried.verdict).filter(({ kind }) => kind !== 'delivered' && kind !== 'unneeded');
    const last = wrong.at(-1);
    const pauseMs = this.#pauseOf(channel, later, by('delivered'));
    await tx.noteChannel(channel.id, {
      delivered: by('delivered'),
      failed: by('failed'),
      now,
      ...(last && 'message' in last && { error: last.message }),
      retryAt: pauseMs === undefined ? null : now + pauseMs,
    });
    await this.#mend(group, channel, outcomes);
    group.effects.alertTroubles.push(...troublesOf(channel, outcomes, attempts));
    this.#tell(channel, outcomes, attempts, now);
  }

  /** A limit that the provider named is for the whole channel; else it rests when nothing went through. */
  #pauseOf(channel: AlertChannelRow, later: readonly Extract<Verdict, { kind: 'later' }>[], delivered: number): Ms | undefined {
    const named = Math.max(...later.map(({ afterMs }) => afterMs ?? -1));
    if (named >= 0) return Math.max(named, LOOK_EVERY_MS); // "at once" would be asked again and again
    if (later.length === 0 || delivered > 0) return undefined;
    return this.#waitAfter(channel.failures, LONGEST_PAUSE_MS);
  }

  #attemptOf({ row, tried: { verdict, status, answer, reached } }: Outcome, now: Ms): AlertAttempt {
    const said = verdict.kind === 'delivered' ? answer : verdict.message;
    const kept = reached && reached.length > 0 ? JSON.stringify(reached) : row.reached;
    const shared = { id: row.id, last_status: status ?? null, last_answer: said ?? null, reached: kept };
    if (verdict.kind === 'delivered') return { ...shared, reached: null, state: 'delivered', next_try_at: now, settled_at: now };
    if (verdict.kind === 'unneeded') return { ...shared, state: 'dropped', next_try_at: now, settled_at: now };
    const isOver = verdict.kind !== 'later' || now - row.created_at >= this.#deps.config.alertGiveUpMs;
    if (isOver) return { ...shared, state: 'failed', next_try_at: now, settled_at: now };
    const wait = verdict.afterMs ?? this.#waitAfter(row.attempts, LAST_RETRY_MS);
    return { ...shared, state: 'pending', next_try_at: now + wait, settled_at: null };
  }

  #waitAfter(failures: number, last: Ms): Ms {
    return retryWait(failures, { first: FIRST_RETRY_MS, last }, this.#deps.clock.random());
  }

  /** What the provider wants changed, and an end that it knows for good; unless somebody saved the channel meanwhile: that counts. */
  async #mend({ tx, now }: Group, channel: AlertChannelRow, outcomes: readonly Outcome[]): Promise<void> {
    const verdicts = outcomes.map(({ tried }) => tried.verdict);
    const gone = verdicts.find((verdict) => verdict.kind === 'gone');
    const changes = {
      ...changedSettings(channel, verdicts),
      ...(gone && { enabled: 0 as const, disabled_reason: gone.message }),
    };
    if (Object.keys(changes).length > 0) await tx.mendAlertChannel(channel.id, channel.version, { ...changes, updated_at: now });
  }

  #tell(channel: AlertChannelRow, outcomes: readonly Outcome[], attempts: readonly AlertAttempt[], now: Ms): void {
    const { log, onTried } = this.#deps;
    const about = {
      channel: channel.name,
      channel_type: channel.type,
      application_id: channel.application_id,
    };
    for (const [at, { row, tried }] of outcomes.entries()) {
      const { state } = attempts[at] as AlertAttempt;
      if (state === 'dropped') continue; // nothing was sent
      onTried(
        channel.type,
        state === 'pending' ? 'retried' : state === 'delivered' ? 'delivered' : 'failed',
        now - row.created_at,
      );
      if (state === 'failed' && 'message' in tried.verdict)
        log.warn({ ...about, delivery_id: row.id, reason: tried.verdict.message }, 'a message of an alert is given up');
      if (tried.verdict.kind === 'gone') log.warn({ ...about, reason: tried.verdict.message }, 'a channel was disabled');
    }
    if (channel.failures === 0 && attempts.some(({ state }) => state === 'pending'))
      log.warn(
        { ...about, reason: attempts.find(({ state }) => state === 'pending')?.last_answer },
        'a channel failed and will be tried again',
      );
  }
}

const reachedBy = ({ reached }: AlertDeliveryRow): readonly string[] =>
  reached === null ? [] : (JSON.parse(reached) as string[]);

/** What is lost though it might have passed later has become too old. Tries that nobody wrote the end of come to light with the next. */
const troublesOf = ({ type }: AlertChannelRow, outcomes: readonly Outcome[], attempts: readonly AlertAttempt[]): AlertTrouble[] =>
  outcomes.flatMap(({ row: { unheard }, tried: { verdict, reason } }, at): AlertTrouble[] => {
    const before = lostAnswers(type, { unheard, holder: null });
    if (reason === undefined) return before;
    if (attempts[at]?.state === 'pending') return [...before, { type, outcome: 'retried', reason, count: 1 }];
    return [...before, { type, outcome: 'lost', reason: verdict.kind === 'later' ? 'too_old' : reason, count: 1 }];
  });
