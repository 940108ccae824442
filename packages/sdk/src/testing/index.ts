export type { HandlerResult, Recorded, RecordedLog, RecordedProgress, RecordedStep, RunHandlerOptions } from './run-handler.js';
export { runHandler } from './run-handler.js';
