import type { Channel, ChannelTested } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { CHAT, TOKEN } from '../channels/doubles/telegram.js';
import { alerted, aReceiver } from './alerts-support.js';

// Seen to fail: each test said the same, and the channel stayed with the group that is no more.
it('a test of a channel goes on with what the provider wants changed', async () => {
  const a = await alerted();
  const telegram = await aReceiver();
  const config = { botToken: TOKEN, chatId: CHAT, apiUrl: telegram.url };
  const { id } = await a.call<Channel>('POST', '/alerts/channels', { name: 'chat', type: 'telegram', config });
  const body = JSON.stringify({ ok: false, description: 'upgraded', parameters: { migrate_to_chat_id: -100777 } });
  telegram.next.push({ status: 400, body });
  const tested = await a.call<ChannelTested>('POST', `/alerts/channels/${id}/test`);
  expect(tested).toMatchObject({ ok: false, message: expect.stringContaining('upgraded') });
  const { config: after } = await a.call<Channel>('GET', `/alerts/channels/${id}`);
  expect(after).toMatchObject({ chatId: '-100777', botToken: '[redacted]' });
});
