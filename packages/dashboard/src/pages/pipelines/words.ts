import type { Trigger } from '@pipelogiq/protocol';
import { humanize } from '../../lib/format.js';

export const triggerWord = (trigger: Trigger): string => (trigger === 'api' ? 'API' : humanize(trigger));
