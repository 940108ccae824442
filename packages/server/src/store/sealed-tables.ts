/** Tables with a column `secrets` of sealed texts, null without any, and what a secret is sealed for: `hook:7`. */
export const SEALED_TABLES = { hook: 'hook', observability_integration_config: 'integration', alert_channel: 'channel' } as const;

export type SealedTable = keyof typeof SEALED_TABLES;
