import path from 'node:path';
import type { NodeOptions } from '../../support/node-process.ts';

const withoutUws = path.resolve(import.meta.dirname, '../../fixtures/no-uws.cjs');

/** A real node on each of the two HTTP servers. */
export const engines: readonly (readonly [engine: string, options: NodeOptions])[] = [
  ['uWebSockets.js', {}],
  ['node:http', { env: { NODE_OPTIONS: `--require=${withoutUws}` } }],
];
