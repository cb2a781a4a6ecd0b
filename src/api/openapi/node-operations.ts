import {
  answered,
  askCodes,
  failure,
  failures,
  htmlContent,
  jsonOf,
  location,
  textContent,
  total,
} from './responses.ts';
import { listOf, reference, text } from './schemas.ts';
import type { Operations, Schema } from './types.ts';

const status: Operations[string] = {
  summary: 'Name, version and tags of the node, counts of members.',
  responses: answered(200, 'The node.', jsonOf(reference('Status'))),
};

const paused = answered(200, 'Whether it takes new jobs.', jsonOf(reference('Pause')));
const anyObject: Schema = { type: 'object' };

/** Pages, health, metrics, and what Dkron tells of the node and its cluster. */
export const nodeOperations: Operations = {
  'GET /': {
    summary: 'To the web interface, if the client takes HTML.',
    responses: {
      ...answered(303, 'The web interface.', htmlContent, location),
      ...failures('empty', ['not_acceptable']),
    },
  },
  'GET /ui/*': {
    summary: 'The web interface.',
    responses: answered(200, 'A page.', htmlContent),
  },
  'GET /health': {
    summary: 'The node answers.',
    responses: answered(200, 'It does.', jsonOf(reference('Health'))),
  },
  'GET /health/ready': {
    summary: 'The node can serve: it reads its state and knows a leader.',
    responses: { ...answered(200, 'It can.', jsonOf(reference('Health'))), ...failures('own', ['not_ready']) },
  },
  'GET /metrics': {
    summary: 'Counters and gauges, for Prometheus.',
    responses: answered(200, 'In text format 0.0.4.', textContent),
  },
  'GET /debug/vars': {
    summary: 'Counters and gauges, and a little more.',
    responses: answered(200, 'By name.', jsonOf(anyObject)),
  },
  'GET /v1': status,
  'GET /v1/': status,
  'GET /v1/members': {
    summary: 'All known nodes.',
    responses: answered(200, 'The nodes.', jsonOf(listOf(reference('Member'))), total),
  },
  'GET /v1/leader': {
    summary: 'The leader.',
    responses: {
      ...answered(200, 'The leader.', jsonOf(reference('Leader'))),
      ...failure('leader_unknown', { 'text/plain': { schema: { type: 'string', const: 'null' } } }),
    },
  },
  'GET /v1/isleader': {
    summary: 'Whether this node leads.',
    responses: {
      ...answered(200, 'It does.', jsonOf({ type: 'string', const: 'I am a leader' })),
      ...failure('not_leader', jsonOf({ type: 'string', const: 'I am a follower' })),
    },
  },
  'POST /v1/leave': {
    summary: 'This node leaves the cluster.',
    responses: {
      ...answered(
        200,
        'The servers by region.',
        jsonOf({ type: 'object', additionalProperties: listOf(reference('Server')) }),
      ),
      ...failures('empty', askCodes),
    },
  },
  'GET /v1/busy': {
    summary: 'Executions that run now, with the latest piece of their output.',
    responses: {
      ...answered(200, 'The executions, the oldest first.', jsonOf(listOf(reference('Execution'))), total),
      ...failures('empty', askCodes),
    },
  },
  'GET /v1/pause': { summary: 'Whether this node takes new jobs.', responses: paused },
  'POST /v1/pause': { summary: 'Take no new jobs on this node, until it restarts.', responses: paused },
  'POST /v1/unpause': { summary: 'Take new jobs again.', responses: paused },
  'GET /v1/openapi.json': {
    summary: 'This document.',
    responses: answered(
      200,
      'OpenAPI 3.1.',
      jsonOf({
        type: 'object',
        properties: {
          openapi: { type: 'string', pattern: '^3\\.1\\.' },
          info: anyObject,
          paths: anyObject,
          components: anyObject,
        },
        required: ['openapi', 'info', 'paths', 'components'],
      }),
    ),
  },
  'GET /v1/events': {
    summary: 'What happens, over a WebSocket: one JSON text message per event (docs/api/events.md).',
    query: [
      {
        name: 'topics',
        description: 'Some of job, launch, execution, output, leader, member, with commas between.',
        schema: text,
      },
      { name: 'job', description: 'Events of this job only.', schema: text },
      {
        name: 'from',
        description: 'The id of the last event that the client has: what came after it comes first.',
        schema: { type: 'string', pattern: '^[0-9]+\\.[0-9]+$' },
      },
    ],
    responses: {
      101: { description: 'The socket is open.' },
      ...failures('own', ['query_invalid', 'upgrade_required', 'overloaded']),
    },
  },
};
