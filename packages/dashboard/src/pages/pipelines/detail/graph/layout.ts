import { layout as dagre, Graph } from '@dagrejs/dagre';

export const NODE = { width: 208, height: 52 } as const;
const GAP = { x: 56, y: 16 } as const;
/** Dagre draws the fewest crossings and takes long: seconds from a few hundred stages on. */
const MOST_FOR_DAGRE = { nodes: 60, edges: 150 } as const;
const SWEEPS = 4;

export interface Shape {
  ids: readonly string[];
  /** From, to. */
  edges: readonly (readonly [string, string])[];
}

/** Upper left corners by id. */
export type Places = { [id: string]: { x: number; y: number } };

export function layoutOf(shape: Shape): Places {
  const isSmall = shape.ids.length <= MOST_FOR_DAGRE.nodes && shape.edges.length <= MOST_FOR_DAGRE.edges;
  return isSmall ? byDagre(shape) : byLayers(shape);
}

function byDagre({ ids, edges }: Shape): Places {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: GAP.y, ranksep: GAP.x });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { ...NODE });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre(graph);
  return Object.fromEntries(
    ids.map((id) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
    }),
  );
}

type Neighbours = Map<string, string[]>;

function neighbours(edges: Shape['edges'], from: 0 | 1): Neighbours {
  const found: Neighbours = new Map();
  for (const edge of edges) {
    const list = found.get(edge[from]);
    if (list) list.push(edge[1 - from] as string);
    else found.set(edge[from], [edge[1 - from] as string]);
  }
  return found;
}

/** Each stage one column after the last that it waits for. Stages come in the order of creation: most edges lead forward. */
function columnsOf({ ids }: Shape, before: Neighbours, after: Neighbours): string[][] {
  const open = new Map(ids.map((id) => [id, before.get(id)?.length ?? 0]));
  const column = new Map<string, number>();
  const ready = ids.filter((id) => open.get(id) === 0);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    const at = column.get(id) ?? 0;
    column.set(id, at);
    for (const next of after.get(id) ?? []) {
      column.set(next, Math.max(column.get(next) ?? 0, at + 1));
      const left = (open.get(next) ?? 1) - 1;
      open.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  const columns: string[][] = [];
  for (const id of ids) {
    const at = column.get(id) ?? 0;
    while (columns.length <= at) columns.push([]);
    columns[at]?.push(id);
  }
  return columns;
}

/** Each column in the order of the middle of its neighbours, there and back: few crossings, in linear time. */
function byLayers(shape: Shape): Places {
  const before = neighbours(shape.edges, 1);
  const after = neighbours(shape.edges, 0);
  const columns = columnsOf(shape, before, after);
  const height = new Map<string, number>();
  const place = (column: string[]) =>
    column.forEach((id, index) => {
      height.set(id, (index - (column.length - 1) / 2) * (NODE.height + GAP.y));
    });
  for (const column of columns) place(column);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    for (const column of isForward ? columns : [...columns].reverse()) {
      const middle = new Map(
        column.map((id) => [id, middleOf((isForward ? before : after).get(id), height) ?? height.get(id) ?? 0]),
      );
      column.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
      place(column);
    }
  }
  const places: Places = {};
  columns.forEach((column, index) => {
    for (const id of column) places[id] = { x: index * (NODE.width + GAP.x), y: height.get(id) ?? 0 };
  });
  return places;
}

function middleOf(ids: readonly string[] | undefined, height: Map<string, number>): number | undefined {
  if (!ids?.length) return undefined;
  return ids.reduce((sum, id) => sum + (height.get(id) ?? 0), 0) / ids.length;
}
