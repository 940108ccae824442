import { type AnyHandler, declareHandler, definePipeline, NonRetryableError } from '@pipelogiq/sdk';
import { z } from 'zod';
import { code39 } from './code39.js';
import { OutOfStockError, type Stock } from './stock.js';

const Line = z.object({ sku: z.string().min(1).max(40), quantity: z.int().min(1).max(100) });
export const Order = z.object({ customer: z.string().min(1).max(200), lines: z.array(Line).min(1).max(50) });

const Invoice = z.object({
  number: z.string(),
  customer: z.string(),
  lines: z.array(z.object({ sku: z.string(), name: z.string(), quantity: z.int(), cents: z.int() })),
  totalCents: z.int(),
});

const reserve = declareHandler('orders.reserve', {
  input: z.object({ lines: z.array(Line) }),
  output: z.object({ key: z.string() }),
});
const invoice = declareHandler('orders.invoice', { input: Order.extend({ reservation: z.string() }), output: Invoice });
const label = declareHandler('orders.label', {
  input: z.object({ customer: z.string(), reservation: z.string() }),
  output: z.object({ parcel: z.string(), svg: z.string() }),
});

/** reserve, then invoice and label beside each other. */
export const order = definePipeline('order', { input: Order, version: '1' }, (p, { customer, lines }) => {
  const reservation = p.stage('reserve', reserve, { lines }).output('key');
  p.stage('invoice', invoice, { customer, lines, reservation });
  p.stage('label', label, { customer, reservation });
});

/** The code of the stages, over this shop's stock. */
export function orderHandlers(stock: Stock): AnyHandler[] {
  return [
    reserve.handle(({ lines }, job) => {
      try {
        stock.reserve(job.idempotencyKey, lines);
      } catch (error) {
        if (error instanceof OutOfStockError) throw new NonRetryableError(error.message, { code: 'out_of_stock', cause: error });
        throw error;
      }
      job.log.info('reserved', { lines: lines.length });
      return { key: job.idempotencyKey };
    }),

    invoice.handle(({ customer, lines }, job) => {
      const priced = lines.map(({ sku, quantity }) => {
        const product = stock.product(sku);
        if (!product) throw new NonRetryableError(`no product ${sku}`);
        return { sku, name: product.name, quantity, cents: product.price * quantity };
      });
      const totalCents = priced.reduce((total, line) => total + line.cents, 0);
      job.context.set('totalCents', totalCents);
      return { number: `INV-${job.pipelineId.padStart(6, '0')}`, customer, lines: priced, totalCents };
    }),

    label.handle(({ customer }, job) => {
      const parcel = `P${job.pipelineId.padStart(8, '0')}`;
      return { parcel, svg: code39(parcel, customer) };
    }),
  ];
}
