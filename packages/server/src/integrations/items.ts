import type { Item } from '../domain/integration/kind.js';

/** One line that says what happened. */
export function titleOf(item: Item): string {
  switch (item.kind) {
    case 'stage_failed':
      return `Stage ${item.stage} of ${item.pipeline} failed: ${item.code}`;
    case 'pipeline_failed':
      return `Pipeline ${item.pipeline} failed`;
    case 'mark':
      return `${item.title ?? 'Deployed'} ${item.version}`;
    case 'log':
      return item.message;
  }
}

/** What it is about, as short names and texts. */
export function idsOf(item: Item): { [name: string]: string } {
  const { application, environment, version } = item;
  const shared = {
    application,
    ...(environment !== undefined && { environment }),
    ...(version !== undefined && { version }),
  };
  if (item.kind === 'mark') return item.pipeline === undefined ? shared : { ...shared, pipeline: item.pipeline };
  const { pipeline, pipelineId, traceId, spanId } = item;
  const ofPipeline = { ...shared, pipeline, pipeline_id: pipelineId, trace_id: traceId, span_id: spanId };
  if (item.kind === 'pipeline_failed') return ofPipeline;
  const { stage, stageId, handler } = item;
  const ofStage = { ...ofPipeline, stage, stage_id: stageId, handler };
  return item.kind === 'stage_failed' ? { ...ofStage, error_code: item.code } : ofStage;
}
