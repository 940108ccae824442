import type { ApplicationRow, Ms, Reads } from '../../store/store.js';
import { collect, type StatReads } from './collect.js';
import { summarise } from './figures.js';
import { DAY } from './periods.js';
import { type Kept, windowOf } from './window.js';

/** What an application is judged by, over the last 24 hours; undefined where nothing ran. */
export interface ApplicationKpis {
  applicationId: number;
  /** Of the runs of pipelines that completed or failed: those that completed. */
  successRatio: number | undefined;
  /** Of the stages that completed: those that needed more than one attempt. */
  flakyRatio: number | undefined;
  /** From the creation of a pipeline to the end of its first stage: half of them took at most so long. */
  feedbackMs: Ms | undefined;
}

export interface KpiDeps extends Kept {
  reads: StatReads & Pick<Reads, 'now' | 'applications'>;
  /** Whether what is measured is kept. */
  insights: boolean;
}

/** Of the oldest `limit` applications, one after the other, so that commits have their turn between them. */
export async function applicationKpis(deps: KpiDeps, limit: number): Promise<ApplicationKpis[]> {
  if (!deps.insights) return [];
  const now = await deps.reads.now();
  const applications = (await deps.reads.applications()).slice(0, limit);
  const found: ApplicationKpis[] = [];
  for (const application of applications) found.push(await kpisOf(deps, application, now));
  return found;
}

async function kpisOf(deps: KpiDeps, { id }: Pick<ApplicationRow, 'id'>, now: Ms): Promise<ApplicationKpis> {
  const window = windowOf(now - DAY, now, now, deps);
  const { successRate, flakyRate, feedback } = summarise(window, await collect(deps.reads, { applicationId: id }, window));
  return {
    applicationId: id,
    successRatio: successRate ?? undefined,
    flakyRatio: flakyRate ?? undefined,
    feedbackMs: feedback?.p50,
  };
}
