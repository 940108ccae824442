import { readFileSync } from 'node:fs';
import { MOVIES_FILE } from '../src/stages/fetch-films.js';
import { parsePrices } from '../src/stages/fetch-prices.js';

export const movies: unknown[] = JSON.parse(readFileSync(MOVIES_FILE, 'utf8'));
export const prices = parsePrices(readFileSync(new URL('../data/us-consumer-prices.csv', import.meta.url), 'utf8'));
