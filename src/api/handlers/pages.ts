import { emptyError, escapeHtml, htmlAnswer, ownError, plainAnswer, redirect } from '../answers.ts';
import type { Call } from '../call.ts';
import { jsonString } from '../json/writer.ts';
import { METRICS_TYPE, metricsText } from '../metrics-text.ts';
import { openApiText } from '../openapi/document.ts';

/** GET /: to the web interface, if the client takes HTML. */
export function getRoot(call: Call): void {
  if (!acceptsHtml(call.request.headers.accept)) call.answer(emptyError('not_acceptable'));
  else call.answer(redirect(303, 'GET', '/ui/'));
}

/** gin's negotiation: each range is compared up to its first `*`, and a beginning is enough. */
function acceptsHtml(accept: string): boolean {
  if (accept === '') return true;
  return accept.split(',').some((range) => {
    const [type = ''] = (range.split(';')[0] ?? '').trim().split('*');
    return range.trim() !== '' && 'text/html'.startsWith(type);
  });
}

/** GET /ui/ and everything below: one page that says what this node is. */
export function getInterface(call: Call): void {
  const { node, cluster, state } = call.services;
  const counts = state.statusCounts();
  const count = (status: string): number => counts[status] ?? 0;
  const total = Object.values(counts).reduce((sum, value) => sum + value, 0);
  const rows: readonly (readonly [string, string | number])[] = [
    ['Leader', cluster.leader() ?? 'no leader'],
    ['Jobs', total],
    ['Successful', count('success')],
    ['Failed', count('failed')],
    ['Partially failed', count('partially_failed')],
    ['Never run', count('')],
  ];
  const table = rows.map(([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(String(value))}</td></tr>`).join('');
  const links = ['/v1', '/v1/jobs', '/v1/busy', '/v1/members', '/v1/leader', '/health', '/metrics']
    .map((path) => `<li><a href="${path}">${path}</a></li>`)
    .join('');
  call.answer(
    htmlAnswer(
      200,
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Carillon</title></head><body>` +
        `<h1>Carillon on ${escapeHtml(node.name)}</h1><table>${table}</table><h2>API</h2><ul>${links}</ul></body></html>\n`,
    ),
  );
}

/** GET /health: the node answers. */
export function getHealth(call: Call): void {
  call.json(200, '{"status":"healthy"}');
}

/** GET /health/ready: requests can be served. */
export function getReadiness(call: Call): void {
  if (call.services.cluster.isReady()) call.json(200, '{"status":"ready"}');
  else call.answer(ownError('not_ready'));
}

/** GET /v1/openapi.json: what every route takes and answers, for programs. */
export function getOpenApi(call: Call): void {
  call.json(200, openApiText);
}

/** GET /metrics, for Prometheus. */
export function getMetrics(call: Call): void {
  call.answer(plainAnswer(200, METRICS_TYPE, metricsText(call.services.metrics)));
}

/** GET /debug/vars: what Dkron shows through Go's expvar, as far as it means something here; one key per line. */
export function getVariables(call: Call): void {
  const { node, cluster, metrics } = call.services;
  const variables: readonly (readonly [string, string])[] = [
    ...[...metrics.readCounters(), ...metrics.readGauges()].map(([name, value]) => [name, String(value)] as const),
    ['node', jsonString(node.name)],
    ['scheduler_started', cluster.isLeader() ? '1' : '0'],
  ];
  const lines = variables.map(([name, value]) => `${jsonString(name)}: ${value}`);
  call.answer(plainAnswer(200, 'application/json; charset=utf-8', `{\n${lines.sort().join(',\n')}\n}\n`));
}
