import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';

/** Opens a stage at the right of the page, by its address; undefined closes it. */
export function useOpenStage(): (stageId: string | undefined) => void {
  const navigate = useNavigate({ from: '/pipelines/$id' });
  return useCallback(
    (stage) =>
      void navigate({
        search: ({ stage: _, ...was }) => (stage === undefined ? was : { ...was, stage }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
}
