import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { json, type Route, route } from '../route.js';
import { stageDiagnosis } from '../schemas/diagnosis.js';

export function diagnosisRoutes({ useCases }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'diagnoseStage',
      summary: 'Why a stage does not run',
      tag: 'Stages',
      method: 'GET',
      path: ROUTES.stageDiagnosis,
      access: 'read',
      answers: { 200: { description: 'Every reason that holds the stage.', schema: stageDiagnosis } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await useCases.diagnosis.ofStage(caller, id)),
    }),
  ];
}
