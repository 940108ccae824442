import type { ChannelKind, ChannelKinds } from '../domain/alert/channel.js';
import { slack } from './slack.js';
import { telegram } from './telegram.js';
import { webhook } from './webhook.js';

const KINDS: readonly ChannelKind[] = [telegram, slack, webhook];

/** Every kind of channel, in the order in which they are listed. */
export const CHANNELS: ChannelKinds = new Map(KINDS.map((kind) => [kind.type, kind]));
