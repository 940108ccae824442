import { setTimeout as pause } from 'node:timers/promises';
import { FINAL_PIPELINE_STATUSES, type Pipeline } from '@pipelogiq/protocol';
import type { Pipelogiq, ReceivedEvent } from '@pipelogiq/sdk';
import { Board } from './board.js';
import { LogTail } from './log-tail.js';
import { Patience } from './patience.js';
import { Quiet } from './quiet.js';
import type { Screen } from './screen.js';

/** How often the log is looked at: no event tells of its lines. */
const LOG_MS = 1_000;

const isFinal = ({ status }: Pipeline) => (FINAL_PIPELINE_STATUSES as readonly string[]).includes(status);

/**
 * Shows a pipeline until it has ended. Events are received before the state is read, so that nothing falls between; those that come while
 * it is read are kept and applied on top.
 *
 * @returns the pipeline at its end; undefined when `signal` fired before
 * @throws PipelogiqError
 */
export async function watch(
  client: Pipelogiq,
  id: string,
  screen: Screen,
  { signal, logs }: { signal: AbortSignal; logs: boolean },
): Promise<Pipeline | undefined> {
  const done = new AbortController();
  const until = AbortSignal.any([signal, done.signal]);
  const patience = new Patience((words) => screen.note(words));
  const tail = logs ? new LogTail(client, id) : undefined;
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve; // what was logged before is shown below the state, as all that follows
  });
  const tailing = tail ? begun.then(() => follow(tail, screen, patience, until)) : Promise.resolve();
  tailing.catch((error) => done.abort(error)); // ends the loop over events, which then says why
  try {
    const last = await followEvents(client, id, screen, { patience, signal: until, onState: begin });
    done.abort();
    begin();
    await tailing;
    if (last === undefined) return undefined;
    if (tail) await patience.with(() => printNew(tail, screen, signal), signal);
    screen.end(last);
    return last;
  } finally {
    done.abort();
    screen.close();
  }
}

async function printNew(tail: LogTail, screen: Screen, signal: AbortSignal): Promise<void> {
  for await (const line of tail.more(signal)) screen.log(line);
}

async function follow(tail: LogTail, screen: Screen, patience: Patience, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await patience.with(() => printNew(tail, screen, signal), signal);
      await pause(LOG_MS, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

interface Following {
  patience: Patience;
  signal: AbortSignal;
  /** The state was shown for the first time, or again. */
  onState(): void;
}

async function followEvents(
  client: Pipelogiq,
  id: string,
  screen: Screen,
  { patience, signal, onState }: Following,
): Promise<Pipeline | undefined> {
  const board = new Board();
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  let last: Pipeline | undefined;
  let waiting: ReceivedEvent[] | undefined;
  let failure: unknown;
  const quiet = new Quiet(client, board, screen, until);

  const show = (event: ReceivedEvent): boolean => {
    const isKnown = board.apply(event);
    if (isKnown) screen.event(event, board.stages);
    return isKnown;
  };
  const read = async () => {
    if (waiting) return; // what comes meanwhile is looked at afterwards
    do {
      waiting = [];
      const asked = { signal: until };
      const [pipeline, stages] = await patience.with(
        () => Promise.all([client.pipelines.get(id, asked), client.pipelines.stages(id, asked)]),
        until,
      );
      board.read(stages);
      screen.state(pipeline, stages, board.stages);
      quiet.restart();
      onState();
      if (isFinal(pipeline)) {
        last = pipeline;
        stop.abort();
        return;
      }
    } while (waiting.map(show).includes(false) || waiting.some(endsIt));
    waiting = undefined;
  };
  const readAnew = () => {
    read().catch((error) => {
      failure ??= error;
      stop.abort();
    });
  };

  for await (const event of client.events({ pipelineId: id, signal: until, onOpen: readAnew })) {
    quiet.restart();
    if (waiting) waiting.push(event);
    else if (!show(event) || endsIt(event)) readAnew();
  }
  quiet.stop();
  if (failure && !signal.aborted) throw failure;
  return last;
}

const endsIt = ({ type }: ReceivedEvent): boolean =>
  type === 'pipeline_completed' || type === 'pipeline_failed' || type === 'pipeline_cancelled' || type === 'reset';
