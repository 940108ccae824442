import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, OutputReference } from '@pipelogiq/sdk';
import { runHandler } from '@pipelogiq/sdk/testing';
import { expect, it, onTestFinished } from 'vitest';
import { ReportFile } from '../src/contracts.js';
import { handlers } from '../src/handlers.js';
import { dataReport } from '../src/pipeline.js';
import { startPriceService } from '../src/price-service.js';

const MOST_BYTES = 256 * 1024;

/** The value with every output reference in it replaced, as the control plane does when it leases a stage. */
function resolved(value: Json, outputs: ReadonlyMap<string, Json>): Json {
  if (Array.isArray(value)) return value.map((item) => resolved(item, outputs));
  if (value === null || typeof value !== 'object') return value;
  if ('$output' in value) {
    const { stage, path = [] } = (value as unknown as OutputReference).$output;
    return path.reduce<Json>((part, key) => (part as { [key: string]: Json })[key] ?? null, outputs.get(stage) ?? null);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, outputs)]));
}

it('runs stage by stage without a control plane, each input and output within its limit', async () => {
  const outputDir = await mkdtemp(join(tmpdir(), 'data-report-'));
  const service = await startPriceService();
  onTestFinished(async () => {
    await service.close();
    await rm(outputDir, { recursive: true });
  });
  const code = new Map(handlers(service.url).map((handler) => [handler.name, handler]));
  const outputs = new Map<string, Json>();

  const { stages } = await dataReport.build({ outputDir });
  for (const { name, handler: handlerName = name, input = null } of stages) {
    const handler = code.get(handlerName);
    if (!handler) throw new Error(`no code for ${handlerName}`);
    const given = resolved(input, outputs);
    const deliver = (attempt: number) => runHandler(handler, { input: given, stage: name, attempt, idempotencyKey: name });
    let result = await deliver(1);
    if (name === 'prices') result = await deliver(2);
    if (result.status !== 'completed') throw new Error(`${name} has ${result.status}`, { cause: result });
    expect(Buffer.byteLength(JSON.stringify(given))).toBeLessThan(MOST_BYTES);
    expect(Buffer.byteLength(JSON.stringify(result.output))).toBeLessThan(MOST_BYTES);
    outputs.set(name, result.output as Json);
  }

  const { path } = ReportFile.parse(outputs.get('report'));
  expect(await readFile(path, 'utf8')).toContain('<h1>A century at the box office</h1>');
});
