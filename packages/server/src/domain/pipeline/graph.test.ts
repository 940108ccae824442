import type { StageSpec } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUpstream, readGraph, Steps } from './graph.js';

const dependenciesOf = (stages: StageSpec[]): number[][] => {
  const graph = readGraph(stages);
  if ('errors' in graph) throw new Error(JSON.stringify(graph.errors));
  return graph.dependencies;
};

/** Stages of which each depends on some of those before it, then shuffled. */
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 20 })
  .map((picks) => picks.map((own, at) => ({ name: `s${at}`, dependsOn: at === 0 ? [] : own.map((pick) => `s${pick % at}`) })))
  .chain((stages) => fc.shuffledSubarray(stages, { minLength: stages.length }));

describe('a graph', () => {
  it('without cycles is read as it was written, each dependency once', () => {
    fc.assert(
      fc.property(acyclic, (stages) => {
        const names = dependenciesOf(stages).map((own) => own.map((index) => stages[index]?.name));
        expect(names).toEqual(stages.map((stage) => [...new Set(stage.dependsOn)]));
      }),
    );
  });

  it('with a cycle is refused, and the cycle that is named exists', () => {
    fc.assert(
      fc.property(acyclic, fc.nat(), fc.integer({ min: 1, max: 6 }), (stages, start, length) => {
        const ring = Array.from({ length: length + 1 }, (_, at) => stages[(start + at) % stages.length]);
        const cyclic = stages.map((stage) => ({ ...stage, dependsOn: [...stage.dependsOn] }));
        const distinct = [...new Set(ring.map((stage) => stage?.name))];
        fc.pre(distinct.length > 1);
        for (const [at, name] of distinct.entries()) {
          cyclic.find((stage) => stage.name === name)?.dependsOn.push(distinct[(at + 1) % distinct.length] ?? '');
        }
        const graph = readGraph(cyclic);
        if (!('errors' in graph)) throw new Error('it was taken');
        const named = [...(graph.errors[0]?.message.matchAll(/"(s\d+)"/g) ?? [])].map((match) => match[1]);
        expect(named.length).toBeGreaterThan(2);
        expect(named[0]).toBe(named.at(-1));
        for (let at = 1; at < named.length; at++) {
          expect(cyclic.find((stage) => stage.name === named[at - 1])?.dependsOn).toContain(named[at]);
        }
      }),
    );
  });

  it('is a chain when nothing is said, and peers share what the others wait for', () => {
    expect(dependenciesOf([{ name: 'a' }, { name: 'b' }, { name: 'c' }])).toEqual([[], [0], [1]]);
    const peers = [
      { name: 'a' },
      { name: 'b' },
      { name: 'c', runInParallelWith: ['b'] },
      { name: 'd', runInParallelWith: ['c'] },
    ];
    expect(dependenciesOf(peers)).toEqual([[], [0], [0], [0]]);
    const each = [
      { name: 'a', runInParallelWith: ['b'] },
      { name: 'b', runInParallelWith: ['a'], dependsOn: [] },
    ];
    expect(dependenciesOf(each)).toEqual([[], []]);
  });

  it('knows what is upstream of what', () => {
    fc.assert(
      fc.property(acyclic, (stages) => {
        const dependencies = dependenciesOf(stages);
        for (const at of stages.keys()) {
          for (const other of stages.keys()) {
            const own = dependencies[at] ?? [];
            const expected = own.includes(other) || own.some((index) => isUpstream(dependencies, index, other, new Steps()));
            expect(isUpstream(dependencies, at, other, new Steps())).toBe(expected);
          }
          expect(isUpstream(dependencies, at, at, new Steps())).toBe(false);
        }
      }),
    );
  });
});
