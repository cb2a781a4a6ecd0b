import { jsonString } from './json/writer.ts';

/** Carillon's own keys, in stored jobs and in drafts. */
interface Policies {
  readonly catchup: { readonly policy: string; readonly window: string; readonly cap: number | bigint } | null;
  /** Null or empty: not set. */
  readonly onLost: string | null;
  readonly queueLimit: number | bigint | null;
  readonly maxExecutions: number | bigint | null;
  readonly retry: {
    readonly interval: string;
    readonly backoff: number | bigint;
    readonly maxInterval: string;
  } | null;
  readonly retention: { readonly count: number | bigint; readonly age: string | null } | null;
}

/** Members that follow those of Dkron, each only where it is set, so that Dkron's answers stay what they were. */
export function policiesJson({ catchup, onLost, queueLimit, maxExecutions, retry, retention }: Policies): string {
  const members = [
    catchup === null
      ? ''
      : `,"catchup":{"policy":${jsonString(catchup.policy)},"window":${jsonString(catchup.window)},"cap":${catchup.cap}}`,
    onLost === null || onLost === '' ? '' : `,"on_lost":${jsonString(onLost)}`,
    queueLimit === null ? '' : `,"queue_limit":${queueLimit}`,
    maxExecutions === null ? '' : `,"max_executions":${maxExecutions}`,
    retry === null
      ? ''
      : `,"retry":{"interval":${jsonString(retry.interval)},"backoff":${retry.backoff},"max_interval":${jsonString(retry.maxInterval)}}`,
    retention === null ? '' : `,"retention":{"count":${retention.count}${ageJson(retention.age)}}`,
  ];
  return members.join('');
}

const ageJson = (age: string | null): string => (age === null ? '' : `,"age":${jsonString(age)}`);
