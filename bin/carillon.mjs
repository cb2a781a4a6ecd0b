#!/usr/bin/env node
// Starts `carillon` in this very process, so that signals and the exit code need no passing on.
import { ensure } from './ensure.mjs';

try {
  await ensure();
} catch (error) {
  process.stderr.write(`carillon: ${error.message}\n`);
  process.exit(1);
}
await import('../dist/bundle/actors/main.js');
