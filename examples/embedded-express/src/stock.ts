export interface Line {
  sku: string;
  quantity: number;
}

export interface Product {
  name: string;
  /** Cents. */
  price: number;
  available: number;
}

export class OutOfStockError extends Error {
  override readonly name = 'OutOfStockError';
}

/**
 * What can be sold. A reservation has a key, and the same key reserves once: a stage may be delivered more than once, so
 * whatever it changes must stand being asked again.
 */
export class Stock {
  readonly #products: Map<string, Product>;
  readonly #reservations = new Map<string, readonly Line[]>();

  constructor(products: Readonly<Record<string, Product>>) {
    this.#products = new Map(Object.entries(products).map(([sku, product]) => [sku, { ...product }]));
  }

  product(sku: string): Product | undefined {
    return this.#products.get(sku);
  }

  /** Takes all lines or nothing. @throws OutOfStockError */
  reserve(key: string, lines: readonly Line[]): void {
    if (this.#reservations.has(key)) return;
    for (const [sku, quantity] of totals(lines)) {
      const available = this.#products.get(sku)?.available ?? 0;
      if (available < quantity) throw new OutOfStockError(`${quantity} of ${sku} wanted, ${available} there`);
    }
    for (const [sku, quantity] of totals(lines)) {
      const product = this.#products.get(sku);
      if (product) product.available -= quantity;
    }
    this.#reservations.set(key, lines);
  }
}

function totals(lines: readonly Line[]): Map<string, number> {
  const bySku = new Map<string, number>();
  for (const { sku, quantity } of lines) bySku.set(sku, (bySku.get(sku) ?? 0) + quantity);
  return bySku;
}
