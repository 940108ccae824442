import { closest } from '../../did-you-mean.js';
import type { DiagnosedStage, DiagnosisReads, Ms, Reads } from '../../store/store.js';
import { notFound, parseId } from '../ids.js';
import type { DiagnosisUseCases, Principal } from '../use-cases.js';
import { MISSED_BEATS } from '../worker/workers.js';
import { type DiagnosisFacts, diagnose, isRunnable, needsWorker } from './diagnosis.js';

export interface DiagnosisDeps {
  reads: DiagnosisReads & Pick<Reads, 'now'>;
  heartbeatIntervalMs: number;
}

const LISTED = 20;
const COUNTED = 1_000;
/** Names that are compared: each costs up to some 50 µs. */
const COMPARED = 200;
const MAX_LENGTH_DIFFERENCE = 4;

export function diagnosisUseCases(deps: DiagnosisDeps): DiagnosisUseCases {
  return {
    async ofStage(caller, id) {
      const stage = await deps.reads.stageToDiagnose(caller.applicationId, parseId(id, 'stage'));
      if (!stage) throw notFound('stage', id);
      const now = await deps.reads.now();
      return diagnose(await readFacts(deps, caller, stage, now), now);
    },
  };
}

async function readFacts(deps: DiagnosisDeps, caller: Principal, stage: DiagnosedStage, now: Ms): Promise<DiagnosisFacts> {
  const { reads } = deps;
  const facts: DiagnosisFacts = { stage, application: caller.application };
  if (stage.status === 'not_started') facts.openDependencies = await reads.openDependencies(stage.id, LISTED);
  if (stage.status === 'blocked') facts.blockedBy = await reads.whatBlocks(stage.id, LISTED);
  if (isRunnable(stage)) facts.ahead = await reads.stagesInFront(stage, COUNTED);
  return needsWorker(stage) ? { ...facts, ...(await workerFacts(deps, stage, now)) } : facts;
}

async function workerFacts(
  { reads, heartbeatIntervalMs }: DiagnosisDeps,
  { application_id, handler }: DiagnosedStage,
  now: Ms,
): Promise<Pick<DiagnosisFacts, 'workers' | 'nearHandler' | 'lastWorker'>> {
  const seenSince = now - MISSED_BEATS * heartbeatIntervalMs;
  const workers = await reads.workersWithHandler(application_id, handler, seenSince);
  if (workers.live > 0) return { workers };
  const known = await reads.liveHandlers(application_id, seenSince);
  const likely = known.filter((name) => Math.abs(name.length - handler.length) <= MAX_LENGTH_DIFFERENCE).slice(0, COMPARED);
  return { workers, nearHandler: closest(handler, likely), lastWorker: await reads.lastWorkerWith(application_id, handler) };
}
