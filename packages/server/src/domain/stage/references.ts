import type { Json, OutputReference } from '@pipelogiq/protocol';

type Reference = OutputReference['$output'];

const MARK = '"$output"';

/** Cheap test on the serialized input; only inputs that pass it are ever walked. */
export const mayHoldReferences = (text: string | null): boolean => text?.includes(MARK) ?? false;

/** `{"$output": {"stage": name, "path": […]}}` and nothing else in the object. */
function asReference(value: unknown): Reference | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const keys = Object.keys(value);
  const target = (value as Partial<OutputReference>).$output;
  if (keys.length !== 1 || typeof target !== 'object' || target === null || typeof target.stage !== 'string') return undefined;
  const { path = [] } = target;
  if (!Array.isArray(path) || !path.every((step) => typeof step === 'string' || Number.isInteger(step))) return undefined;
  return { stage: target.stage, path };
}

/** Names of the stages that an input refers to. */
export function referencedStages(value: Json, found = new Set<string>()): Set<string> {
  const reference = asReference(value);
  if (reference) return found.add(reference.stage);
  if (Array.isArray(value)) for (const item of value) referencedStages(item, found);
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) referencedStages(item, found);
  return found;
}

/** Thrown with words for the stage's error. */
export class UnresolvableReference extends Error {}

/**
 * The input with every reference replaced by what it points to. `outputs` holds the output of each referenced stage that has one;
 * a skipped stage's output is null.
 */
export function resolveReferences(value: Json, outputs: ReadonlyMap<string, Json | undefined>): Json {
  const reference = asReference(value);
  if (reference) return follow(reference, outputs);
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, outputs));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveReferences(item, outputs)]));
}

function follow({ stage, path = [] }: Reference, outputs: ReadonlyMap<string, Json | undefined>): Json {
  const output = outputs.get(stage);
  if (output === undefined) throw new UnresolvableReference(`Stage "${stage}" has no output.`);
  return path.reduce<Json>((value, step, depth) => {
    const next = child(value, step);
    if (next === undefined) {
      throw new UnresolvableReference(`The output of stage "${stage}" has nothing at ${path.slice(0, depth + 1).join('.')}.`);
    }
    return next;
  }, output);
}

function child(value: Json, step: string | number): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return Object.hasOwn(value, step) ? value[step] : undefined;
}
