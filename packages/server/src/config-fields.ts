import type { IntegrationField } from '@pipelogiq/protocol';
import type { Settings } from './domain/integration/kind.js';

type Choices = Partial<Pick<IntegrationField, 'required' | 'secret' | 'destination' | 'default' | 'example' | 'choices'>>;

const field =
  (type: IntegrationField['type']) =>
  (name: string, help: string, choices: Choices = {}): IntegrationField => ({
    name,
    type,
    help,
    required: false,
    secret: false,
    destination: false,
    ...choices,
  });

export const text = field('text');
export const url = field('url');
export const webhookUrl = field('webhook_url');
export const json = field('json');
export const template = field('template');
export const choice = field('choice');
export const flag = field('flag');

/** A text of the settings; undefined when it is not set. */
export const textOf = (settings: Settings, name: string): string | undefined => {
  const value = settings[name];
  return typeof value === 'string' ? value : undefined;
};

/** A base URL without its last slash, so that a path can follow. */
export const baseOf = (settings: Settings, name = 'url'): string => (textOf(settings, name) ?? '').replace(/\/+$/, '');

/** Texts with commas between them. */
export const listOf = (settings: Settings, name: string): string[] =>
  (textOf(settings, name) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** Cut to a limit in UTF-16 units, not in the middle of a surrogate pair. */
export const cut = (value: string, most: number): string =>
  value.length <= most ? value : `${value.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
