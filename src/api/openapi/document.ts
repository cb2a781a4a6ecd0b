import { version } from '../../version.ts';
import { jobOperations } from './job-operations.ts';
import { nodeOperations } from './node-operations.ts';
import { schemas } from './schemas.ts';
import type { Operation, Operations } from './types.ts';

const operations: Operations = { ...nodeOperations, ...jobOperations };

const description = [
  "Dkron v4's API, and Carillon's own routes. Every error carries `Carillon-Error: <code>; <sentence>`; docs/api/errors.md",
  'lists the codes. Any route may answer 400 `bad_target` or `bad_framing`, 413 `body_too_large`, 503 `overloaded` while',
  'too much is asked or waits, and 500 `internal_error`. `Retry-After`, in seconds, says when to try again. `?pretty` indents JSON. `X-Whom` names the node that answered.',
].join(' ');

/** The document as text: it never changes while the node lives. */
export const openApiText: string = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Carillon', version, description },
  paths: pathsOf(operations),
  components: { schemas },
});

function pathsOf(all: Operations): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [key, operation] of Object.entries(all)) {
    const [method = '', pattern = ''] = key.split(' ');
    const path = templateOf(pattern);
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationObject(operation, path) };
  }
  return paths;
}

/** `/a/:b` as `/a/{b}`; the rest that a `*` stands for is called `path`. */
function templateOf(pattern: string): string {
  return pattern.replace(/:([a-z]+)/g, '{$1}').replace(/\*$/, '{path}');
}

function operationObject({ summary, query = [], body, responses }: Operation, path: string): object {
  const parameters = [
    ...[...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...query.map((parameter) => ({ in: 'query', ...parameter })),
  ];
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses,
  };
}
