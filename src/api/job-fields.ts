import type { StringMap } from '../core/jobs/records.ts';
import type { JobDraft } from './job-draft.ts';
import type { ZonedInstant } from './json/time.ts';

/** Properties of a draft that hold exactly a `Value`. */
type KeysOf<Value> = {
  [Key in keyof JobDraft]: [JobDraft[Key], Value] extends [Value, JobDraft[Key]] ? Key : never;
}[keyof JobDraft];

/** How a key of a job's JSON is read. `goType` is Go's name of its type, which error texts show. */
export type JobField =
  | { readonly kind: 'text'; readonly key: KeysOf<string> }
  | { readonly kind: 'boolean'; readonly key: KeysOf<boolean> }
  | { readonly kind: 'integer'; readonly key: KeysOf<bigint>; readonly goType: 'int' | 'uint' }
  | { readonly kind: 'nullableInteger'; readonly key: KeysOf<bigint | null> }
  | { readonly kind: 'time'; readonly key: 'next' }
  | { readonly kind: 'nullableTime'; readonly key: KeysOf<ZonedInstant | null> }
  | { readonly kind: 'stringMap'; readonly key: KeysOf<StringMap | null>; readonly goType: string }
  | { readonly kind: 'processors' | 'dependentJobs' | 'catchup' | 'retry' | 'retention' };

const stringMap = 'map[string]string';

/** Every key that is taken, in lower case; the types are those of Dkron's Job (dkron-v4 2.1). */
export const jobFields: ReadonlyMap<string, JobField> = new Map<string, JobField>([
  ['id', { kind: 'text', key: 'id' }],
  ['name', { kind: 'text', key: 'name' }],
  ['displayname', { kind: 'text', key: 'displayname' }],
  ['timezone', { kind: 'text', key: 'timezone' }],
  ['schedule', { kind: 'text', key: 'schedule' }],
  ['owner', { kind: 'text', key: 'owner' }],
  ['owner_email', { kind: 'text', key: 'ownerEmail' }],
  ['success_count', { kind: 'integer', key: 'successCount', goType: 'int' }],
  ['error_count', { kind: 'integer', key: 'errorCount', goType: 'int' }],
  ['last_success', { kind: 'nullableTime', key: 'lastSuccess' }],
  ['last_error', { kind: 'nullableTime', key: 'lastError' }],
  ['disabled', { kind: 'boolean', key: 'disabled' }],
  ['tags', { kind: 'stringMap', key: 'tags', goType: stringMap }],
  ['metadata', { kind: 'stringMap', key: 'metadata', goType: stringMap }],
  ['retries', { kind: 'integer', key: 'retries', goType: 'uint' }],
  ['dependent_jobs', { kind: 'dependentJobs' }],
  ['parent_job', { kind: 'text', key: 'parentJob' }],
  ['processors', { kind: 'processors' }],
  ['concurrency', { kind: 'text', key: 'concurrency' }],
  ['executor', { kind: 'text', key: 'executor' }],
  ['executor_config', { kind: 'stringMap', key: 'executorConfig', goType: 'plugin.ExecutorPluginConfig' }],
  ['status', { kind: 'text', key: 'status' }],
  ['next', { kind: 'time', key: 'next' }],
  ['ephemeral', { kind: 'boolean', key: 'ephemeral' }],
  ['starts_at', { kind: 'nullableTime', key: 'startsAt' }],
  ['expires_at', { kind: 'nullableTime', key: 'expiresAt' }],
  ['catchup', { kind: 'catchup' }],
  ['on_lost', { kind: 'text', key: 'onLost' }],
  ['queue_limit', { kind: 'nullableInteger', key: 'queueLimit' }],
  ['max_executions', { kind: 'nullableInteger', key: 'maxExecutions' }],
  ['retry', { kind: 'retry' }],
  ['retention', { kind: 'retention' }],
]);
