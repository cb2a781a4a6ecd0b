// `npm run bench`: installs and compiles when needed, then runs the benchmarks in this very process.
import { ensure } from './ensure.mjs';

try {
  await ensure();
} catch (error) {
  process.stderr.write(`carillon: ${error.message}\n`);
  process.exit(1);
}
await import('../dist/bench/main.js');
