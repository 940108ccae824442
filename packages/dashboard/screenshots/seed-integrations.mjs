import { aTool } from './tool.mjs';

/** One that works, one whose password is wrong, one that is off, and links to traces. */
export async function integrations({ call }) {
  const grafana = await aTool(3000, 200, '[]');
  const loki = await aTool(3100, 401, '{"message":"invalid authentication credentials"}');
  const save = (type, config, more = {}) => call('POST', '/observability/config', { type, config, ...more });
  await save('grafana', { url: grafana, token: 'glsa_of_the_pictures' });
  await save('loki', { url: loki, username: '118', password: 'of last year' });
  await save('datadog', { apiKey: '0123456789abcdef0123456789abcdef' }, { enabled: false });
  await save('opentelemetry', {
    traceBackend: 'jaeger',
    traceBackendUrl: 'https://jaeger.example.com',
    logsLinkTemplate: `https://logs.example.com/search?q=\${traceId}&from=\${from}&to=\${to}`,
  });
  for (const type of ['grafana', 'loki']) await call('POST', '/observability/test', { type });
}
