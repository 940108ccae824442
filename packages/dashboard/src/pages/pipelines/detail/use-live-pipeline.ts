import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { LiveConnection } from '../../../api/live.js';
import { ofPipeline } from './queries.js';

/** As often as this at most, all that is shown of the pipeline is read anew. */
const EVERY_MS = 600;

/** Follows what happens to one pipeline, stages too, and reads what is shown of it anew. */
export function useLivePipeline(id: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let readAt = Number.NEGATIVE_INFINITY;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      timer = undefined;
      readAt = performance.now();
      void client.invalidateQueries({ queryKey: ofPipeline(id) });
    };
    const soon = () => {
      timer ??= setTimeout(read, Math.max(40, readAt + EVERY_MS - performance.now()));
    };
    const stream = new LiveConnection({ query: { pipelineId: id }, onEvent: soon, onBack: soon });
    stream.start();
    return () => {
      stream.stop();
      clearTimeout(timer);
    };
  }, [id, client]);
}
