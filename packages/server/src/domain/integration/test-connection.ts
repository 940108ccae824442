import type { Clock } from '../../clock.js';
import type { UnaryAnswer } from '../../outbound/grpc.js';
import type { Outbound } from '../../outbound/outbound.js';
import { isAccepted, messageOf, refusalOf } from './deliver.js';
import type { IntegrationKind, IntegrationTest, Settings } from './kind.js';
import { excerptOf, withoutSecrets } from './redact.js';

export interface TestOutcome {
  ok: boolean;
  message: string;
  /** False when the settings name nothing that could be tried: that is no success, and no failure of the other side either. */
  isTried: boolean;
}

export interface TestDeps {
  outbound: Pick<Outbound, 'request' | 'unary'>;
  clock: Pick<Clock, 'now'>;
  /** Gives up when it aborts. */
  signal?: AbortSignal;
}

const EXCERPT = 200;

/** Makes the calls of a test; what goes wrong is its result. */
export async function runTest(deps: TestDeps, kind: IntegrationKind, settings: Settings): Promise<TestOutcome> {
  const { calls, shows } = kind.test(settings, deps.clock.now());
  if (calls.length === 0) return { ok: false, message: shows, isTried: false };
  const problem = await firstProblem(deps, kind, settings, calls);
  return { ok: problem === undefined, message: problem ?? shows, isTried: true };
}

async function firstProblem(
  { outbound, signal }: TestDeps,
  kind: IntegrationKind,
  settings: Settings,
  calls: IntegrationTest['calls'],
): Promise<string | undefined> {
  const ending = signal === undefined ? {} : { signal };
  try {
    for (const call of calls) {
      if ('unary' in call) {
        const problem = unaryProblem(kind, settings, await outbound.unary({ ...call.unary, ...ending }));
        if (problem !== undefined) return problem;
        continue;
      }
      const answer = await outbound.request({ ...call, ...ending });
      const isDelivery = call.method === 'POST'; // others only ask
      const accepted = isDelivery ? isAccepted(kind, answer) : answer.status >= 200 && answer.status < 300;
      if (!accepted) return refusalOf(kind, settings, answer);
    }
    return undefined;
  } catch (error) {
    return withoutSecrets(messageOf(error), kind, settings);
  }
}

/** Also 200 of HTTP is no success without the word of gRPC. */
function unaryProblem(kind: IntegrationKind, settings: Settings, answer: UnaryAnswer): string | undefined {
  const { status, grpcStatus, grpcMessage } = answer;
  if (grpcStatus === undefined) return `${kind.title} answered ${status} without a status of gRPC.`;
  if (grpcStatus === 0) return undefined;
  const body = excerptOf(grpcMessage, EXCERPT, kind, settings);
  return `${kind.title} answered grpc-status ${grpcStatus}${body === '' ? '' : `: ${body}`}`;
}
