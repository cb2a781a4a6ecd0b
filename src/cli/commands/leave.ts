import type { Command } from 'commander';
import { CliError, type CliHost } from '../types.ts';

const defaultApi = 'http://127.0.0.1:8080';
/** A node that leaves lets its executions end first, which may take long; beyond this something is wrong. */
const leaveTimeoutMs = 3 * 3_600_000;

export function addLeaveCommand(program: Command, host: CliHost): void {
  program
    .command('leave')
    .description('Make a running agent leave its cluster and stop')
    .option('--api <url>', 'URL of the HTTP API of the agent that is to leave', defaultApi)
    .action(async ({ api }: { readonly api: string }) => {
      await postLeave(api);
      host.output.out('Left the cluster successfully\n');
    });
}

async function postLeave(api: string): Promise<void> {
  const url = URL.canParse(api) ? new URL('v1/leave', api.endsWith('/') ? api : `${api}/`) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CliError(`--api: ${api} is no URL of an HTTP API; write it as ${defaultApi}`);
  }
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(leaveTimeoutMs) });
    await response.arrayBuffer();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CliError(`no agent answers at ${url.origin} (${cause}); name its HTTP API with --api`);
  }
  if (!response.ok) throw new CliError(`${url.href} answered ${response.status}; the agent has not left`);
}
