import type { StageStatus } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphEdge, GraphStage, StagePlace } from '../../store/store.js';
import { replan, withFollowing } from './replan.js';

const NOW = 1_000_000;

interface Drawn {
  on: number[];
  status: StageStatus;
  tolerated: boolean;
  delayMs: number | null;
  notBefore: number | null;
  event: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  on: fc.uniqueArray(fc.nat({ max: 20 }), { maxLength: 3 }),
  status: fc.constantFrom(
    'not_started',
    'scheduled',
    'pending',
    'throttled',
    'running',
    'waiting',
    'completed',
    'failed',
    'skipped',
    'cancelled',
    'blocked',
  ),
  tolerated: fc.boolean(),
  delayMs: fc.constantFrom(null, 0, 500),
  notBefore: fc.constantFrom(null, NOW - 5, NOW + 5),
  event: fc.boolean(),
});

interface Graph {
  stages: GraphStage[];
  edges: GraphEdge[];
}

const isReady = (status: StageStatus) => ['scheduled', 'pending', 'throttled', 'running', 'waiting'].includes(status);

function aStage(id: number, dependencies: number, { status, tolerated, delayMs, notBefore, event }: Drawn): GraphStage {
  const isEvent = status === 'waiting' || (event && status !== 'pending' && status !== 'throttled' && status !== 'running');
  return {
    id,
    application_id: 1,
    pipeline_id: 1,
    name: `s${id}`,
    handler: 'a',
    status,
    held: 0,
    not_before: notBefore,
    delay_ms: delayMs,
    run_at: isReady(status) ? NOW - 10 : null,
    ready_at: isReady(status) && status !== 'scheduled' ? NOW - 10 : null,
    pending_timeout_ms: null,
    wait_for: isEvent ? 'event' : null,
    dependency_count: dependencies,
    open_dependencies: 0,
    run_next_if_failed: tolerated ? 1 : 0,
    spawned_by_id: null,
    finished_at: ['completed', 'failed', 'skipped', 'cancelled'].includes(status) ? NOW - 1 : null,
  };
}

const satisfied = (stage: Pick<GraphStage, 'status' | 'run_next_if_failed'>): boolean =>
  stage.status === 'completed' || stage.status === 'skipped' || (stage.status === 'failed' && stage.run_next_if_failed === 1);
const broken = (stage: Pick<GraphStage, 'status' | 'run_next_if_failed'>): boolean =>
  stage.status === 'blocked' || stage.status === 'cancelled' || (stage.status === 'failed' && !satisfied(stage));

/** As a store may hold them: what is ready has nothing open, what is blocked has a reason, what waits has no reason to be blocked. */
const graphs: fc.Arbitrary<Graph> = fc.array(drawn, { minLength: 1, maxLength: 12, size: 'max' }).map((draws) => {
  const stages: GraphStage[] = [];
  const edges: GraphEdge[] = [];
  for (const [at, draw] of draws.entries()) {
    const on = at === 0 ? [] : [...new Set(draw.on.map((pick) => pick % at))];
    const dependencies = on.flatMap((index) => stages[index] ?? []);
    const open = dependencies.filter((stage) => !satisfied(stage)).length;
    let { status } = draw;
    if (dependencies.some(broken) && (status === 'not_started' || isReady(status))) status = 'blocked';
    else if (open > 0 && (isReady(status) || status === 'blocked')) status = 'not_started';
    else if (open === 0 && (status === 'not_started' || status === 'blocked')) status = 'completed';
    stages.push({ ...aStage(at, on.length, { ...draw, status }), open_dependencies: open });
    for (const index of on) edges.push({ depends_on_id: index, stage_id: at });
  }
  // Listed in another order than they depend on each other: the function finds its own.
  return { stages: [...stages].reverse(), edges };
});

const NOTHING = { rerun: new Set<number>(), skip: new Set<number>() };

/** What an operator may ask: a rerun never pulls the output away from under a dependent that runs. */
const intents = fc.record({ rerun: fc.array(fc.nat()), skip: fc.array(fc.nat({ max: 11 }), { maxLength: 1 }) });

function intentOf({ stages, edges }: Graph, { rerun, skip }: { rerun: number[]; skip: number[] }) {
  const known = (picks: number[]) => picks.map((pick) => pick % stages.length);
  return skip.length > 0 ? { skip: new Set(known(skip)) } : { rerun: withFollowing(known(rerun), edges) };
}

function apply({ stages, edges }: Graph, places: readonly StagePlace[]): Graph {
  const byId = new Map(places.map((place) => [place.id, place]));
  return { edges, stages: stages.map((stage) => ({ ...stage, ...byId.get(stage.id) })) };
}

const dependenciesOf = ({ stages, edges }: Graph, id: number): GraphStage[] => {
  const on = new Set(edges.filter((edge) => edge.stage_id === id).map((edge) => edge.depends_on_id));
  return stages.filter((stage) => on.has(stage.id));
};

const ENDED: readonly StageStatus[] = ['completed', 'failed', 'skipped', 'cancelled'];

describe('a plan made anew', () => {
  const planned = fc.tuple(graphs, intents).map(([graph, picks]) => {
    const intent = intentOf(graph, picks);
    const plan = replan(graph.stages, graph.edges, intent, 0, NOW);
    return { graph, intent, plan, after: apply(graph, plan.places) };
  });

  it('counts every stage once, as its status says', () => {
    fc.assert(
      fc.property(planned, ({ plan: { counts }, after: { stages } }) => {
        const { stages_total: total, ...parts } = counts;
        expect(total).toBe(stages.length);
        expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(total);
        const having = (...statuses: StageStatus[]) => stages.filter(({ status }) => statuses.includes(status)).length;
        expect(counts.stages_completed).toBe(having('completed'));
        expect(counts.stages_failed + counts.stages_tolerated).toBe(having('failed'));
        expect(counts.stages_tolerated).toBe(stages.filter((stage) => stage.status === 'failed' && satisfied(stage)).length);
        expect(counts.stages_skipped).toBe(having('skipped'));
        expect(counts.stages_cancelled).toBe(having('cancelled'));
        expect(counts.stages_blocked).toBe(having('blocked'));
      }),
    );
  });

  it('has as many open dependencies as counting anew finds, and nothing ready while one is open', () => {
    fc.assert(
      fc.property(planned, ({ after }) => {
        for (const stage of after.stages) {
          const dependencies = dependenciesOf(after, stage.id);
          expect(stage.dependency_count).toBe(dependencies.length);
          expect(stage.open_dependencies).toBe(dependencies.filter((on) => !satisfied(on)).length);
          if (isReady(stage.status)) expect(stage.open_dependencies).toBe(0);
          if (stage.status === 'blocked') expect(dependencies.some(broken)).toBe(true);
          if (stage.status === 'not_started')
            expect([dependencies.some(broken), stage.open_dependencies > 0]).toEqual([false, true]);
          if (stage.status === 'pending') expect([stage.wait_for, stage.ready_at === null]).toEqual([null, false]);
          if (stage.status === 'scheduled') expect(stage.run_at).not.toBeNull();
        }
      }),
    );
  });

  it('leaves what has ended or runs as it is, unless that was asked for', () => {
    fc.assert(
      fc.property(planned, ({ graph, intent, after }) => {
        for (const [at, before] of graph.stages.entries()) {
          if (intent.rerun?.has(before.id) || intent.skip?.has(before.id)) continue;
          if (!ENDED.includes(before.status) && before.status !== 'running' && before.status !== 'waiting') continue;
          const { status, finished_at, run_at } = after.stages[at] ?? before;
          expect({ status, finished_at, run_at }).toEqual({
            status: before.status,
            finished_at: before.finished_at,
            run_at: before.run_at,
          });
        }
      }),
    );
  });

  it('ends what is skipped now, and starts what runs again as late as its own time and delay say', () => {
    fc.assert(
      fc.property(planned, ({ intent, after }) => {
        for (const stage of after.stages) {
          if (intent.skip?.has(stage.id)) expect(stage).toMatchObject({ status: 'skipped', finished_at: NOW });
          if (!intent.rerun?.has(stage.id)) continue;
          expect(stage.finished_at).toBeNull();
          if (stage.open_dependencies > 0) continue;
          const due = Math.max(stage.not_before ?? 0, NOW + (stage.delay_ms ?? 0));
          const ready = stage.wait_for === null ? 'pending' : 'waiting';
          expect(stage).toMatchObject({ run_at: due, status: due > NOW ? 'scheduled' : ready });
        }
      }),
    );
  });

  it('is the same when it is made again, later too: nothing is left to change', () => {
    fc.assert(
      fc.property(planned, ({ after, plan }) => {
        const again = replan(after.stages, after.edges, NOTHING, 0, NOW + 100);
        expect(again).toEqual({ places: [], counts: plan.counts });
      }),
    );
  });

  it('holds what it makes ready in a paused pipeline, and nothing in another', () => {
    fc.assert(
      fc.property(graphs, intents, fc.constantFrom(0 as const, 1 as const), (graph, picks, held) => {
        const before = new Map(graph.stages.map((stage) => [stage.id, stage]));
        for (const place of replan(graph.stages, graph.edges, intentOf(graph, picks), held, NOW).places) {
          const isMoved = before.get(place.id)?.status !== place.status || before.get(place.id)?.run_at !== place.run_at;
          if (isMoved && place.status !== 'skipped') expect(place.held).toBe(held);
        }
      }),
    );
  });
});
