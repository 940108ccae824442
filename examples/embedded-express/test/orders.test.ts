import { runHandler } from '@pipelogiq/sdk/testing';
import { describe, expect, it } from 'vitest';
import { code39 } from '../src/code39.js';
import { orderHandlers } from '../src/orders.js';
import { OutOfStockError, Stock } from '../src/stock.js';

const aStock = () =>
  new Stock({ tea: { name: 'Tea', price: 500, available: 3 }, pot: { name: 'Pot', price: 4_000, available: 1 } });
const handler = (name: string, stock = aStock()) => {
  const found = orderHandlers(stock).find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no handler ${name}`);
  return found;
};

describe('stock', () => {
  it('reserves once for one key', () => {
    const stock = aStock();
    stock.reserve('a', [{ sku: 'tea', quantity: 2 }]);
    stock.reserve('a', [{ sku: 'tea', quantity: 2 }]);
    expect(stock.product('tea')?.available).toBe(1);
  });

  it('takes all lines or nothing, and adds up lines of one product', () => {
    const stock = aStock();
    expect(() =>
      stock.reserve('a', [
        { sku: 'tea', quantity: 1 },
        { sku: 'pot', quantity: 2 },
      ]),
    ).toThrow(OutOfStockError);
    expect(() =>
      stock.reserve('b', [
        { sku: 'tea', quantity: 2 },
        { sku: 'tea', quantity: 2 },
      ]),
    ).toThrow('4 of tea wanted, 3 there');
    expect(stock.product('tea')?.available).toBe(3);
  });
});

describe('the stages of an order', () => {
  it('reserve once, however often they are delivered', async () => {
    const stock = aStock();
    const input = { lines: [{ sku: 'tea', quantity: 3 }] };
    await runHandler(handler('orders.reserve', stock), { input, idempotencyKey: 'k' });
    const again = await runHandler(handler('orders.reserve', stock), { input, idempotencyKey: 'k', attempt: 2 });
    expect(again).toMatchObject({ status: 'completed', output: { key: 'k' } });
    expect(stock.product('tea')?.available).toBe(0);
  });

  it('do not try again when the stock is out', async () => {
    const result = await runHandler(handler('orders.reserve'), { input: { lines: [{ sku: 'pot', quantity: 2 }] } });
    expect(result).toMatchObject({ status: 'failed', retryable: false, error: { code: 'out_of_stock' } });
  });

  it('write an invoice', async () => {
    const input = {
      customer: 'Ada',
      reservation: 'k',
      lines: [
        { sku: 'tea', quantity: 2 },
        { sku: 'pot', quantity: 1 },
      ],
    };
    const result = await runHandler(handler('orders.invoice'), { input });
    expect(result).toMatchObject({ status: 'completed', output: { number: 'INV-000001', totalCents: 5_000 } });
    expect(result.context).toEqual({ totalCents: 5_000 });
  });
});

describe('the label', () => {
  it('has five bars for each character, start and stop included, and the recipient escaped', () => {
    const svg = code39('P00000042', 'Ada <ada@example.org> & Co');
    expect(svg.match(/<rect x="/g)).toHaveLength(5 * (9 + 2));
    expect(svg).toContain('Ada &lt;ada@example.org&gt; &amp; Co');
  });

  it('refuses what it cannot write', () => {
    expect(() => code39('X', 'Ada')).toThrow(new RangeError('Code 39 here has no "X"'));
  });
});
