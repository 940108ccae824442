/** Upper bounds in seconds. Those of the CI/CD seed, and shorter ones: its jobs take minutes, others take milliseconds. */
export const RUN_SECONDS = [0.1, 1, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200] as const;
export const STAGE_SECONDS = [0.01, 0.1, 1, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600] as const;
export const WAIT_SECONDS = [0.01, 0.1, 1, 5, 10, 30, 60, 120, 300, 600] as const;
export const FEEDBACK_SECONDS = [0.1, 1, 10, 30, 60, 120, 300, 600, 1_200] as const;
export const DECISION_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] as const;
/** The target of a query is 50 ms, most take less than one. */
export const QUERY_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] as const;
export const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;
export const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
/** From what waits for the next round to what waits for a provider that is away for hours. */
export const DELIVERY_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600] as const;
export const GROUP_REQUESTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000] as const;
