import type { Command } from 'commander';
import { withApi } from '../client/api-client.ts';
import type { CliHost } from '../types.ts';
import { apiOptionTexts } from './shared.ts';

/** A node that leaves lets its executions end first, which may take long; beyond this something is wrong. */
const leaveTimeoutMs = 3 * 3_600_000;

export function addLeaveCommand(program: Command, host: CliHost): void {
  program
    .command('leave')
    .description('Make a running agent leave its cluster and stop')
    .option(...apiOptionTexts)
    .action(async ({ api }: { readonly api?: string }) => {
      await withApi(api, host, (client) =>
        client.ask({
          method: 'POST',
          path: 'v1/leave',
          timeoutMs: leaveTimeoutMs,
          about: `the agent at ${client.url.href} has not left`,
        }),
      );
      host.output.out('Left the cluster successfully\n');
    });
}
