import type { LinkedPipelineRow, Ms } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import type { Settings } from '../integration/kind.js';
import { type Linker, linkerOf } from '../integration/links.js';
import type { Notification } from './channel.js';

export type AlertLinks = Notification['links'];

export interface LinkOptions {
  /** Where people reach the server; without it nothing leads to the dashboard. */
  publicUrl: string | undefined;
}

interface Runbook {
  runbookUrl?: string;
}

/** What a message leads to, the most useful first: providers show the first one alone, or cut the list. */
export function linksTo(
  { publicUrl }: LinkOptions,
  { runbookUrl }: Runbook,
  pipeline: Pick<LinkedPipelineRow, 'id' | 'trace_id' | 'root_span_id' | 'created_at' | 'finished_at'> | undefined,
  link: Linker,
  now: Ms,
): AlertLinks {
  const links = pipeline
    ? link({
        traceId: pipeline.trace_id,
        spanId: pipeline.root_span_id,
        from: pipeline.created_at,
        to: pipeline.finished_at ?? now,
      }).links
    : undefined;
  const named: [text: string, href: string | undefined][] = [
    ['Runbook', runbookUrl],
    ['Dashboard', pipeline && publicUrl && `${publicUrl.replace(/\/+$/, '')}/dashboard/pipelines/${pipeline.id}`],
    ['View trace', links?.trace],
    ['View logs', links?.logs],
  ];
  return named.flatMap(([text, href]) => (href === undefined ? [] : [{ href, text }]));
}

interface Told {
  incident: { application_id: number };
  labels: { readonly [name: string]: string };
  rule: Runbook;
}

/** The links of each message, read once for all of them. A pipeline that was deleted has none. */
export async function alertLinks(
  { tx, now }: Group,
  options: LinkOptions,
  messages: readonly Told[],
): Promise<(message: Told) => AlertLinks> {
  const ids = messages.flatMap(({ labels }) => (labels.pipeline_id === undefined ? [] : [Number(labels.pipeline_id)]));
  const pipelines = new Map((await tx.linkedPipelines([...new Set(ids)])).map((row) => [row.id, row]));
  const applications = [...new Set([...pipelines.values()].map((row) => row.application_id))];
  const linkers = new Map(
    (await tx.linkSettings(applications)).map((row) => [row.application_id, linkerOf(JSON.parse(row.settings) as Settings)]),
  );
  return ({ incident, labels, rule }) => {
    const pipeline = pipelines.get(Number(labels.pipeline_id));
    const own = pipeline?.application_id === incident.application_id ? pipeline : undefined;
    return linksTo(options, rule, own, linkers.get(incident.application_id) ?? linkerOf(undefined), now);
  };
}
