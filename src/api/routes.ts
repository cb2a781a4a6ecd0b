import { limits } from '../core/limits.ts';
import type { Call } from './call.ts';
import { backup } from './handlers/backup.ts';
import {
  getIsLeader,
  getLeader,
  getPause,
  getStatus,
  leave,
  listBusy,
  listMembers,
  setPause,
} from './handlers/cluster.ts';
import { listenToEvents } from './handlers/events.ts';
import { deleteExecutions, getExecution, getOutput, listExecutions, stopExecution } from './handlers/executions.ts';
import { deleteJob, getJob, listJobs, runJob, setJob, toggleJob } from './handlers/jobs.ts';
import { listLaunches } from './handlers/launches.ts';
import {
  getHealth,
  getInterface,
  getMetrics,
  getOpenApi,
  getReadiness,
  getRoot,
  getVariables,
} from './handlers/pages.ts';
import { restore } from './handlers/restore.ts';
import { previewSchedule } from './handlers/schedule.ts';
import { getStats } from './handlers/stats.ts';

export interface Route {
  readonly method: string;
  /** `:name` stands for one segment, `*` at the end for any rest. */
  readonly pattern: string;
  readonly handle: (call: Call) => void;
  /** Most bytes of body; 0: a body is thrown away. */
  readonly bodyBytes: number;
  /** Carries `X-Whom` and the cross-origin headers; Dkron's `/health` does not. */
  readonly isGrouped: boolean;
  /** Answered however much comes: it is cheap, and whoever runs the node needs it then. */
  readonly isVital: boolean;
  /** Exists only with the web interface. */
  readonly isInterface: boolean;
  /** Refuses a query with a pair that can't be read, which Dkron's routes drop. */
  readonly isQueryStrict: boolean;
}

type Options = Partial<Pick<Route, 'bodyBytes' | 'isGrouped' | 'isVital' | 'isInterface' | 'isQueryStrict'>>;

const route = (method: string, pattern: string, handle: Route['handle'], options: Options = {}): Route => ({
  method,
  pattern,
  handle,
  bodyBytes: 0,
  isGrouped: true,
  isVital: false,
  isInterface: false,
  isQueryStrict: false,
  ...options,
});

const job: Options = { bodyBytes: limits.requestBodyBytes };
const ungrouped: Options = { isGrouped: false, isVital: true };
const vital: Options = { isVital: true };
const ui: Options = { isInterface: true };
const strict: Options = { isQueryStrict: true };

/** Every route (docs/api/routes.md; a test compares the two). */
export const routes: readonly Route[] = [
  route('GET', '/', getRoot, ui),
  route('GET', '/ui/*', getInterface, ui),
  route('GET', '/health', getHealth, ungrouped),
  route('GET', '/health/ready', getReadiness, ungrouped),
  route('GET', '/metrics', getMetrics, vital),
  route('GET', '/debug/vars', getVariables),
  route('GET', '/v1', getStatus),
  route('GET', '/v1/', getStatus),
  route('GET', '/v1/members', listMembers),
  route('GET', '/v1/leader', getLeader),
  route('GET', '/v1/isleader', getIsLeader),
  route('POST', '/v1/leave', leave, vital),
  route('POST', '/v1/restore', restore, { bodyBytes: limits.restoreBodyBytes }),
  route('GET', '/v1/busy', listBusy),
  route('GET', '/v1/pause', getPause),
  route('POST', '/v1/pause', setPause(true), vital),
  route('POST', '/v1/unpause', setPause(false)),
  route('GET', '/v1/jobs', listJobs),
  route('POST', '/v1/jobs', setJob, job),
  route('PATCH', '/v1/jobs', setJob, job),
  route('PUT', '/v1/jobs/:job', setJob, job),
  route('GET', '/v1/jobs/:job', getJob),
  route('DELETE', '/v1/jobs/:job', deleteJob),
  route('POST', '/v1/jobs/:job', runJob),
  route('POST', '/v1/jobs/:job/run', runJob),
  route('POST', '/v1/jobs/:job/toggle', toggleJob),
  route('GET', '/v1/jobs/:job/executions', listExecutions),
  route('DELETE', '/v1/jobs/:job/executions', deleteExecutions),
  route('GET', '/v1/jobs/:job/executions/:execution', getExecution),
  route('GET', '/v1/jobs/:job/executions/:execution/output', getOutput, strict),
  route('GET', '/v1/backup', backup),
  route('POST', '/v1/jobs/:job/executions/:execution/stop', stopExecution, strict),
  route('GET', '/v1/schedule/preview', previewSchedule, strict),
  route('GET', '/v1/launches', listLaunches, strict),
  route('GET', '/v1/stats', getStats, strict),
  route('GET', '/v1/events', listenToEvents, strict),
  route('GET', '/v1/openapi.json', getOpenApi),
];
