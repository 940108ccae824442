import '@xyflow/react/dist/base.css';
import type { PipelineTrace, TraceStage } from '@pipelogiq/protocol';
import { type Edge, Panel, Position, ReactFlow, ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import { type RefObject, useMemo, useRef, useState } from 'react';
import { IconButton } from '../../../../ui/button.js';
import { EmptyState, Skeleton } from '../../../../ui/states.js';
import { NODE, type Places, type Shape } from './layout.js';
import { heightOf, viewportOf } from './place.js';
import { StageNode, type StageNodeType } from './stage-node.js';
import { useInSight } from './use-in-sight.js';
import { useLayout } from './use-layout.js';

const NODE_TYPES = { stage: StageNode };

const HANDLES: NonNullable<StageNodeType['handles']> = [
  { type: 'target', position: Position.Left, x: 0, y: NODE.height / 2, width: 1, height: 1 },
  { type: 'source', position: Position.Right, x: NODE.width, y: NODE.height / 2, width: 1, height: 1 },
];

function nodeOf(stage: TraceStage, places: Places, selected: boolean): StageNodeType {
  return {
    id: stage.stageId,
    type: 'stage',
    position: places[stage.stageId] ?? { x: 0, y: 0 },
    data: { stage },
    selected,
    ...NODE,
    measured: NODE,
    handles: HANDLES,
  };
}

function edgeOf(from: TraceStage | undefined, to: TraceStage | undefined, [source, target]: Shape['edges'][number]): Edge {
  const isDone = from?.status === 'completed' || from?.status === 'skipped';
  const runs = to?.status === 'running' && isDone;
  return {
    id: `${source}-${target}`,
    source,
    target,
    style: { stroke: runs ? 'var(--run)' : isDone ? 'var(--ink-3)' : 'var(--line-strong)', strokeWidth: runs ? 2 : 1.25 },
  };
}

/** Where one would look first: at what failed, else at what runs, else at the beginning. */
const interest = (stages: readonly TraceStage[]) =>
  stages.find(({ status }) => status === 'failed') ??
  stages.find(({ status }) => status === 'running') ??
  stages.find(({ status }) => status === 'pending') ??
  stages[0];

export default function Graph({ trace: { stages }, selected }: { trace: PipelineTrace; selected: string | undefined }) {
  const { shape, places } = useLayout(stages);
  const box = useRef<HTMLElement>(null);
  if (stages.length === 0) return <EmptyState title="It has no stage" />;
  return (
    <section
      ref={box}
      aria-label="Graph of the stages"
      className="overflow-hidden rounded-lg border border-line bg-surface"
      style={{ height: heightOf(places) }}
    >
      {places ? (
        <ReactFlowProvider>
          <Flow box={box} stages={stages} shape={shape} places={places} selected={selected} />
        </ReactFlowProvider>
      ) : (
        <Skeleton className="m-6 h-10 w-52" />
      )}
    </section>
  );
}

interface FlowProps {
  box: RefObject<HTMLElement | null>;
  stages: readonly TraceStage[];
  shape: Shape;
  places: Places;
  selected: string | undefined;
}

function Flow({ box, stages, shape, places, selected }: FlowProps) {
  const plain = useMemo(() => stages.map((stage) => nodeOf(stage, places, false)), [stages, places]);
  const nodes = useMemo(
    () => plain.map((node) => (node.id === selected ? { ...node, selected: true, zIndex: 1 } : node)),
    [plain, selected],
  );
  const edges = useMemo(() => {
    const byId = new Map(stages.map((stage) => [stage.stageId, stage]));
    return shape.edges.map((edge) => edgeOf(byId.get(edge[0]), byId.get(edge[1]), edge));
  }, [stages, shape]);
  const onInit = useInSight(box, places, selected);
  // Reckoned here, for the first picture: a graph that fits itself into its box is drawn elsewhere first, and jumps.
  const [viewport] = useState(() => viewportOf(places, box.current?.clientWidth ?? 0, interest(stages)?.stageId));
  return (
    <ReactFlow
      onInit={onInit}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      defaultViewport={viewport}
      minZoom={0.05}
      maxZoom={1.5}
      onlyRenderVisibleElements
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      panOnScroll={false}
      preventScrolling={false}
      zoomOnScroll={false}
      zoomActivationKeyCode={['Meta', 'Control']}
      proOptions={{ hideAttribution: true }}
    >
      <Panel position="bottom-right">
        <Zoom />
      </Panel>
    </ReactFlow>
  );
}

function Zoom() {
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  return (
    <div className="flex rounded-md border border-line bg-raised">
      <IconButton label="Zoom out" onClick={() => void zoomOut()}>
        <Minus aria-hidden size={14} />
      </IconButton>
      <IconButton label="Zoom in" onClick={() => void zoomIn()}>
        <Plus aria-hidden size={14} />
      </IconButton>
      <IconButton label="Show all" onClick={() => void fitView({ maxZoom: 1, padding: 0.08 })}>
        <Maximize aria-hidden size={14} />
      </IconButton>
    </div>
  );
}
