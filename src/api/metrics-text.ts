import type { MetricsSource } from './services.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Kind = 'counter' | 'gauge';

/** Prometheus' text format: everything begins with `carillon_`, counters end in `_total`. */
export function metricsText(source: MetricsSource): string {
  return [...families('counter', source.readCounters()), ...families('gauge', source.readGauges())].sort().join('');
}

/** Samples that differ in their labels only stand together under one TYPE line. */
function families(kind: Kind, values: ReadonlyMap<string, number>): string[] {
  const samples = new Map<string, string[]>();
  for (const [metric, value] of values) {
    const [bare = '', labels] = metric.split(/(?=\{)/);
    const name = familyName(kind, bare);
    samples.set(name, [...(samples.get(name) ?? []), `${name}${labels ?? ''} ${value}\n`]);
  }
  return [...samples].map(([name, lines]) => `# TYPE ${name} ${kind}\n${lines.sort().join('')}`);
}

function familyName(kind: Kind, bare: string): string {
  const name = `carillon_${bare.replace(/[^a-zA-Z0-9_]/g, '_')}`;
  return kind === 'gauge' || name.endsWith('_total') ? name : `${name}_total`;
}
