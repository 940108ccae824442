import type { Integration, IntegrationStatus, IntegrationTested, IntegrationType, Page, StageJob } from '@pipelogiq/protocol';
import type { TestOptions } from '../../src/testing/index.js';
import { eventually } from '../support/eventually.js';
import { type Harness, harness, type WireWorker } from './support.js';

export interface Integrated extends Harness {
  configure(type: IntegrationType, config: object, more?: object): Promise<Integration>;
  test(type: IntegrationType, config?: object): Promise<IntegrationTested>;
  status(type: IntegrationType): Promise<IntegrationStatus>;
  /** Resolves when the status has these fields. */
  shows(type: IntegrationType, fields: Partial<IntegrationStatus>): Promise<IntegrationStatus>;
  /** A pipeline whose one stage fails for good. */
  failing(more?: {
    name?: string;
    error?: object;
    create?: object;
  }): Promise<{ id: string; traceId: string; job: StageJob; worker: WireWorker }>;
}

/** A control plane that may call this machine. */
export async function integrated(options: TestOptions = {}): Promise<Integrated> {
  return integratedBy(await harness({ ...ALLOWED, ...options }));
}

/** What a control plane needs that may call this machine. */
export const ALLOWED = { outboundAllow: '127.0.0.0/8', secretKey: 'a key of thirty-two characters or more' };

export const integratedBy = (h: Harness): Integrated => ({ ...h, ...waysOf(h) });

function waysOf(h: Omit<Harness, 'controlPlane'>): Omit<Integrated, keyof Harness> {
  const status = async (type: IntegrationType): Promise<IntegrationStatus> => {
    const { items } = await h.call<Page<IntegrationStatus>>('GET', '/observability/status');
    const found = items.find((item) => item.type === type);
    if (!found) throw new Error(`no status of ${type}`);
    return found;
  };
  return {
    configure: (type, config, more = {}) => h.call('POST', '/observability/config', { type, config, ...more }),
    test: (type, config) => h.call('POST', '/observability/test', { type, ...(config && { config }) }),
    status,
    shows: (type, fields) =>
      eventually(async () => {
        const found = await status(type);
        for (const [name, value] of Object.entries(fields)) {
          const is = found[name as keyof IntegrationStatus];
          if (is !== value) throw new Error(`${name} is ${JSON.stringify(is)}: ${JSON.stringify(found)}`);
        }
        return found;
      }),
    async failing({ name = 'order', error = { code: 'card_declined', message: 'no funds' }, create = {} } = {}) {
      const handler = `h-${name}`;
      const made = await h.create({ name, stages: [{ name: 'charge', handler, maxAttempts: 1 }], ...create });
      const worker = await h.worker([handler]);
      const job = await worker.one();
      await worker.nack(job, { error });
      return { ...made, job, worker };
    },
  };
}
