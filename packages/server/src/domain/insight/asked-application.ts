import type { Principal } from '../use-cases.js';

/** Ids of applications begin at 1. */
const NONE = 0;

/** The application whose figures a query is for. As in the list of pipelines a caller has one, and any other has nothing to show. */
export const askedApplication = ({ applicationId, application }: Principal, named: string | undefined): number =>
  named === undefined || named === application ? applicationId : NONE;
