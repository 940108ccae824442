import { ALERT_ACTIONS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { twilioSms } from '../../src/channels/twilio-sms.js';
import { twilioVoice } from '../../src/channels/twilio-voice.js';
import { keepsToItsProvider } from './contract.js';
import { SID, TOKEN, twilioDouble } from './doubles/twilio.js';
import { aNotification, answerOf, callOf, cutVerdictOn, NOW, settingsOf, verdictOn } from './support.js';

const account = { accountSid: SID, authToken: TOKEN, to: '+491701234567' };
const sms = { ...account, from: 'Pipelogiq' };
const voice = { ...account, from: '+15005550006', resolved: true };
const formOf = (body: unknown) => Object.fromEntries(new URLSearchParams(String(body)));
const broken = async (kind: typeof twilioSms, config: object, change: { [name: string]: string }) => {
  const call = callOf(kind, config as never, aNotification());
  const body = new URLSearchParams({ ...formOf(call.body), ...change }).toString();
  return (await answerOf(twilioDouble(), { ...call, body })).status;
};

describe('twilio_sms', () => {
  keepsToItsProvider({
    kind: twilioSms,
    double: twilioDouble,
    config: (apiUrl) => ({ ...sms, apiUrl }),
    actions: ALERT_ACTIONS,
    breakages: [
      { rule: 'another token', headers: { authorization: 'Basic eDp5' } },
      { rule: 'JSON', headers: { 'content-type': 'application/json' } },
      { rule: 'another account', path: '/2010-04-01/Accounts/AC0/Messages.json' },
    ],
  });

  it('would be refused when it is too long, empty, or to no number', async () => {
    expect(await broken(twilioSms, sms, { Body: 'x'.repeat(1_601) })).toBe(400);
    expect(await broken(twilioSms, sms, { Body: ' ' })).toBe(400);
    expect(await broken(twilioSms, sms, { To: '0170' })).toBe(400);
    expect(await broken(twilioSms, sms, { MessagingServiceSid: `MG${'0'.repeat(32)}` })).toBe(400);
  });

  it('is sent by a number or by a messaging service', async () => {
    const service = { ...account, messagingServiceSid: `MG${'0'.repeat(32)}` };
    const call = callOf(twilioSms, service, aNotification());
    expect(formOf(call.body)).toMatchObject({ MessagingServiceSid: service.messagingServiceSid });
    expect((await answerOf(twilioDouble(), call)).status).toBe(201);
    expect(formOf(callOf(twilioSms, sms, aNotification({ action: 'resolve' })).body).Body).toMatch(
      /^RESOLVED: Pipeline order failed\n/,
    );
  });

  it.each([
    [account, 'from must be given, or messagingServiceSid'],
    [{ ...sms, messagingServiceSid: 'MG1' }, 'from must be given, or messagingServiceSid'],
    [{ ...sms, accountSid: '../x' }, 'accountSid must be'],
    [{ ...sms, apiKeySid: 'x' }, 'apiKeySid must be'],
    [{ ...sms, to: '0170' }, 'to must be'],
  ])('cannot be configured with %j', (wrong, message) => {
    expect(() => settingsOf(twilioSms, wrong)).toThrow(message);
  });
});

// Seen to fail when any success was one: the page of a proxy counted as delivered.
describe.each([
  [twilioSms, sms, 'SM1'],
  [twilioVoice, voice, 'CA1'],
])('twilio', (kind, config, sid) => {
  it(`takes nothing but a SID for a success, as ${sid}, and an answer that was cut for one`, () => {
    expect(verdictOn(kind, config, 201, { sid, status: 'queued' })).toEqual({ kind: 'delivered' });
    expect(verdictOn(kind, config, 200, '<html>Welcome</html>')).toMatchObject({
      kind: 'later',
      message: 'Twilio answered 200: <html>Welcome</html>',
    });
    expect(verdictOn(kind, config, 204)).toMatchObject({ kind: 'later' });
    expect(cutVerdictOn(kind, config, '{"body":"CRIT')).toEqual({ kind: 'delivered' });
    expect(verdictOn(kind, config, 400, { code: 21_211, message: "Invalid 'To'" })).toMatchObject({ kind: 'refused' });
  });
});

describe('twilio_voice', () => {
  keepsToItsProvider({
    kind: twilioVoice,
    double: twilioDouble,
    config: (apiUrl) => ({ ...voice, apiUrl }),
    actions: ['trigger', 'resolve', 'test'],
    breakages: [{ rule: 'another token', headers: { authorization: 'Basic eDp5' } }],
  });

  it('would be refused with words that are not escaped, that XML forbids, or too many', async () => {
    const say = (words: string) => `<Response><Say language="en-US" loop="2">${words}</Say></Response>`;
    expect(await broken(twilioVoice, voice, { Twiml: say('ok') })).toBe(201);
    expect(await broken(twilioVoice, voice, { Twiml: say('a & b') })).toBe(400);
    expect(await broken(twilioVoice, voice, { Twiml: say('</Say><Dial>1</Dial>') })).toBe(400);
    expect(await broken(twilioVoice, voice, { Twiml: say('\u0001') })).toBe(400);
    expect(await broken(twilioVoice, voice, { Twiml: say('x'.repeat(4_000)) })).toBe(400);
  });

  it('says it twice, and calls nobody about what is acknowledged, or over unless they want it', () => {
    expect(formOf(callOf(twilioVoice, voice, aNotification()).body).Twiml).toBe(
      '<Response><Say language="en-US" loop="2">Alert, critical. shop. Pipeline order failed. Stage charge failed: no funds Attempt 3 of 3</Say></Response>',
    );
    const callFor = (action: 'acknowledge' | 'resolve', resolved: boolean) =>
      twilioVoice.call(aNotification({ action }), settingsOf(twilioVoice, { ...voice, resolved }), NOW);
    expect(callFor('acknowledge', true)).toBeUndefined();
    expect(callFor('resolve', false)).toBeUndefined();
  });
});
