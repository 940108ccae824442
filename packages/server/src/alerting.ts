import type { Clock } from './clock.js';
import type { Config } from './config.js';
import type { ChannelKinds } from './domain/alert/channel.js';
import { channelUseCases } from './domain/alert/channels.js';
import type { Wire } from './domain/alert/deliver.js';
import { channelsOfConfig } from './domain/alert/from-integration.js';
import { incidentUseCases } from './domain/alert/incidents.js';
import { ruleUseCases } from './domain/alert/rules.js';
import { testConfig } from './domain/alert/test-config.js';
import type { Committer } from './domain/commit/committer.js';
import type { Group } from './domain/commit/tickets.js';
import type { IntegrationDeps } from './domain/integration/integrations.js';
import type { UseCases } from './domain/use-cases.js';
import { detectAlertsLoop } from './loops/detect-alerts.js';
import type { Loop } from './loops/loop.js';
import { ROUTE_ALERTS, routeAlertsLoop } from './loops/route-alerts.js';
import { AlertSender, type AlertSenderDeps, SEND_ALERTS } from './loops/send-alerts.js';
import type { Mailer } from './outbound/mailer.js';
import type { Outbound } from './outbound/outbound.js';
import type { Secrets } from './secrets/secrets.js';
import type { Reads } from './store/store.js';

export interface AlertingParts {
  config: Config;
  clock: Clock;
  committer: Committer;
  reads: Reads;
  secrets: Secrets;
  outbound: Outbound;
  mailer: Mailer;
  channels: ChannelKinds;
  log: AlertSenderDeps['log'];
  onTried: AlertSenderDeps['onTried'];
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
  /** Asks a loop to run in so many milliseconds. */
  hint(loop: string, inMs: number): void;
}

/** Alerts, from what happened to messages: what people may ask of them, and the loops that carry them on. */
export interface Alerting {
  useCases: Pick<UseCases, 'channels' | 'alertRules' | 'incidents'>;
  /** Makes channels and a rule of a config of the integration `alerts`. */
  onAlerts: IntegrationDeps['onAlerts'];
  /** Sends a test to each channel that such a config makes. */
  testAlerts: IntegrationDeps['testAlerts'];
  loops: Loop[];
  stop(): Promise<void>;
}

export function createAlerting(parts: AlertingParts): Alerting {
  const { config, outbound, mailer, hint } = parts;
  const wire: Wire = {
    request: (call) => outbound.request(call),
    mail: (call, signal) => mailer.send(call, signal),
  };
  const telling = { clock: parts.clock, maxQueued: config.alertMaxQueued, publicUrl: config.publicUrl, kinds: parts.channels };
  const sender = new AlertSender({ ...parts, kinds: parts.channels, wire });
  return {
    useCases: {
      channels: channelUseCases({
        ...parts,
        kinds: parts.channels,
        wire,
        maxChannels: config.alertMaxChannels,
        onConfigured: () => hint(SEND_ALERTS, 0),
      }),
      alertRules: ruleUseCases({ ...parts, ...telling, maxRules: config.alertMaxRules }),
      incidents: incidentUseCases({
        ...parts,
        ...telling,
        maxSilences: config.alertMaxSilences,
        maxSilenceMs: config.alertMaxSilenceMs,
        onDue: () => {
          hint(ROUTE_ALERTS, 0);
          hint(SEND_ALERTS, 0);
        },
      }),
    },
    onAlerts: (group, caller, saved) =>
      channelsOfConfig(
        group,
        { ...parts, kinds: parts.channels, maxChannels: config.alertMaxChannels, maxRules: config.alertMaxRules },
        caller,
        saved,
      ),
    testAlerts: (caller, settings) => testConfig({ ...parts, kinds: parts.channels, wire }, caller, settings),
    loops: [
      routeAlertsLoop({ ...parts, ...telling, maxOpen: config.alertMaxIncidents }),
      detectAlertsLoop({
        ...parts,
        ...config,
        everyMs: config.alertDetectEveryMs,
        maxOpen: config.alertMaxIncidents,
        onFailure: (err, rule) => parts.log.warn({ err, ...rule }, 'the condition of a rule could not be looked at'),
      }),
      ...sender.loops(),
    ],
    stop: () => sender.stop(),
  };
}
