import type { ExecutionRequest } from '../types.ts';

/**
 * What a job sees of the agent's own environment; the rest stays with the agent, secrets above all. Listed in
 * docs/executors.md.
 */
const inheritedNames =
  /^(?:PATH|HOME|LANG|LANGUAGE|LC_[A-Z]+|TZ|USER|LOGNAME|SHELL|TMPDIR|SystemRoot|SystemDrive|ComSpec|PATHEXT|WINDIR|TEMP|TMP|USERPROFILE|USERNAME)$/i;

/** The part of an environment that jobs inherit. */
export function inheritedEnvironment(own: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, string> {
  const inherited = new Map<string, string>();
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && inheritedNames.test(name)) inherited.set(name, value);
  }
  return inherited;
}

/** Descendants of an execution are found by it. */
export const EXECUTION_ID_VARIABLE = 'CARILLON_EXECUTION_ID';

/** Tells what this node started from what another one on the machine did. */
export const NODE_KEY_VARIABLE = 'CARILLON_NODE_KEY';

/** What tells each job about itself; it can't override it. */
export const usualVariables: readonly string[] = [
  'CARILLON_JOB_NAME',
  EXECUTION_ID_VARIABLE,
  NODE_KEY_VARIABLE,
  'CARILLON_SCHEDULED_AT',
  'CARILLON_ATTEMPT',
  'ENV_JOB_NAME',
];

/**
 * The environment of one execution: inherited, then the job's `env` (`KEY=value,KEY2=value2`, where later wins and what
 * has no `=` sets nothing, dkron-v4 2.6.1), then what tells the job about itself, which it can't override.
 */
export function jobEnvironment(
  inherited: ReadonlyMap<string, string>,
  request: ExecutionRequest,
  nodeKey: string,
): ReadonlyMap<string, string> {
  const environment = new Map(inherited);
  for (const entry of (request.config.env ?? '').split(',')) {
    const equals = entry.indexOf('=');
    if (equals > 0) environment.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  environment.set('CARILLON_JOB_NAME', request.jobName);
  environment.set(EXECUTION_ID_VARIABLE, request.executionId);
  if (nodeKey !== '') environment.set(NODE_KEY_VARIABLE, nodeKey);
  environment.set('CARILLON_SCHEDULED_AT', new Date(request.scheduledAtMs).toISOString());
  environment.set('CARILLON_ATTEMPT', String(request.attempt));
  environment.set('ENV_JOB_NAME', request.jobName);
  return environment;
}
