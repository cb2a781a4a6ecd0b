import { describe, expect, it } from 'vitest';
import { Router } from '../../../src/api/router.ts';

const router = new Router(true);

/** Pattern and parameters, or where a redirect leads, or null. */
function found(method: string, path: string, by = router): string | null {
  const match = by.match(method, path);
  if (match.type === 'none') return null;
  return match.type === 'redirect' ? `-> ${match.path}` : [match.route.pattern, ...match.parameters].join(' ');
}

describe('Router', () => {
  it.each([
    ['GET', '/', '/'],
    ['GET', '/ui', '-> /ui/'],
    ['GET', '/ui/', '/ui/* '],
    ['GET', '/ui/assets/x.js', '/ui/* assets/x.js'],
    ['GET', '/v1', '/v1'],
    ['GET', '/v1/', '/v1/'],
    ['GET', '/v1/jobs', '/v1/jobs'],
    ['GET', '/v1/jobs/', '-> /v1/jobs'],
    ['POST', '/v1/jobs/', '-> /v1/jobs'],
    ['PATCH', '/v1/jobs/', '-> /v1/jobs'],
    ['PUT', '/v1/jobs/', null],
    ['DELETE', '/v1/jobs/', null],
    ['GET', '/v1/jobs/a', '/v1/jobs/:job a'],
    ['GET', '/v1/jobs/run', '/v1/jobs/:job run'],
    ['POST', '/v1/jobs/a/run', '/v1/jobs/:job/run a'],
    ['POST', '/v1/jobs/a/run/', '-> /v1/jobs/a/run'],
    ['DELETE', '/v1/jobs/a/', '-> /v1/jobs/a'],
    ['GET', '/v1/jobs/a/executions/1-x', '/v1/jobs/:job/executions/:execution a 1-x'],
    ['GET', '/v1/jobs//executions', '/v1/jobs/:job/executions '],
    ['GET', '/v1/members/', '-> /v1/members'],
    ['GET', '/health/ready', '/health/ready'],
    ['GET', '/V1', null],
    ['get', '/v1', null],
    ['HEAD', '/v1/jobs', null],
    ['OPTIONS', '/v1/jobs', null],
    ['PUT', '/v1/jobs', null],
    ['PATCH', '/v1/jobs/a', null],
    ['GET', '/v1/leave', null],
    ['GET', '/v1/jobs/a/b/c/d', null],
    ['POST', '/v1/backup', null],
  ])('%s %s', (method, path, expected) => {
    expect(found(method, path)).toBe(expected);
  });

  it('has no pages without the web interface', () => {
    const bare = new Router(false);
    expect(['/', '/ui', '/ui/', '/v1'].map((path) => found('GET', path, bare))).toEqual([null, null, null, '/v1']);
  });
});
