/**
 * Every attribute and event name of the server's spans. `cicd.*` and `messaging.*` are still in development in the
 * semantic conventions (https://opentelemetry.io/docs/specs/semconv/cicd/cicd-spans/), so their names are written out
 * here instead of imported from a package that may rename them.
 */
export {
  ATTR_ERROR_TYPE as ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD as HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE as HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE as HTTP_ROUTE,
  ATTR_URL_PATH as URL_PATH,
} from '@opentelemetry/semantic-conventions';

/** In development, as those below. */
export const USER_ID = 'user.id';

/** Of spans of the database; the older name beside the stable one, for dashboards that know it. */
export const DB_SYSTEM = 'db.system';
export const DB_SYSTEM_NAME = 'db.system.name';
export const DB_QUERY_TEXT = 'db.query.text';
export const DB_OPERATION_NAME = 'db.operation.name';

export const CICD_PIPELINE_NAME = 'cicd.pipeline.name';
export const CICD_PIPELINE_ACTION_NAME = 'cicd.pipeline.action.name';
export const CICD_PIPELINE_RUN_ID = 'cicd.pipeline.run.id';
export const CICD_PIPELINE_RESULT = 'cicd.pipeline.result';
export const CICD_PIPELINE_TASK_NAME = 'cicd.pipeline.task.name';
export const CICD_PIPELINE_TASK_RUN_ID = 'cicd.pipeline.task.run.id';
export const CICD_PIPELINE_TASK_RUN_RESULT = 'cicd.pipeline.task.run.result';
export const CICD_WORKER_ID = 'cicd.worker.id';

export const MESSAGING_SYSTEM = 'messaging.system';
export const MESSAGING_DESTINATION_NAME = 'messaging.destination.name';
export const MESSAGING_MESSAGE_ID = 'messaging.message.id';

export const PIPELOGIQ_APPLICATION = 'pipelogiq.application';
export const PIPELOGIQ_TRIGGER = 'pipelogiq.trigger';
export const PIPELOGIQ_KEYWORDS = 'pipelogiq.keywords';
export const PIPELOGIQ_STATUS = 'pipelogiq.status';
/** Attempts that the stage has spent. */
export const PIPELOGIQ_ATTEMPTS = 'pipelogiq.attempts';
export const PIPELOGIQ_FENCING_TOKEN = 'pipelogiq.fencing_token';
export const PIPELOGIQ_OUTCOME = 'pipelogiq.outcome';
/** Milliseconds from ready to leased: of one delivery on its event, of all together on the stage span. */
export const PIPELOGIQ_QUEUE_WAIT_MS = 'pipelogiq.queue_wait_ms';
export const PIPELOGIQ_REQUEST_ID = 'pipelogiq.request_id';

/** Events of a stage span: one of each per delivery. */
export const EVENT_READY = 'ready';
export const EVENT_LEASED = 'leased';
export const EVENT_ENDED = 'ended';
/** Event of a pipeline span: its first stage was leased. */
export const EVENT_STARTED = 'started';
