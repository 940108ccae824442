import type { TraceStage } from '@pipelogiq/protocol';
import { useEffect, useMemo, useState } from 'react';
import type { Places, Shape } from './layout.js';

/** Stages and what leads to what; the same text for the same shape, whatever their states are. */
function shapeOf(stages: readonly TraceStage[]): Shape {
  const byName = new Map(stages.map(({ name, stageId }) => [name, stageId]));
  const edges = stages.flatMap(({ stageId, dependsOn }) =>
    dependsOn.flatMap((name) => {
      const from = byName.get(name);
      return from === undefined ? [] : [[from, stageId] as const];
    }),
  );
  return { ids: stages.map(({ stageId }) => stageId), edges };
}

/** Where stages stand: found in a thread of its own, again only when stages came or went. Undefined until then. */
export function useLayout(stages: readonly TraceStage[]): { shape: Shape; places: Places | undefined } {
  const key = useMemo(() => JSON.stringify(shapeOf(stages)), [stages]);
  const shape = useMemo(() => JSON.parse(key) as Shape, [key]);
  const [found, setFound] = useState<{ key: string; places: Places }>();
  useEffect(() => {
    const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Places>) => {
      setFound({ key, places: data });
      worker.terminate();
    };
    worker.postMessage(JSON.parse(key));
    return () => worker.terminate();
  }, [key]);
  return { shape, places: found?.places };
}
