import type { ChannelKind, ChannelKinds } from '../domain/alert/channel.js';

const KINDS: readonly ChannelKind[] = [];

/** Every kind of channel, in the order in which they are listed. */
export const CHANNELS: ChannelKinds = new Map(KINDS.map((kind) => [kind.type, kind]));
