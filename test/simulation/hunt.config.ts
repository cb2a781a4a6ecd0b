import { defineConfig } from 'vitest/config';

/** Used by `npm run sim:mutants` only: `hunt.ts` is no test of this project, but one of its tests. */
export default defineConfig({ test: { include: ['test/simulation/hunt.ts'], maxWorkers: 1 } });
