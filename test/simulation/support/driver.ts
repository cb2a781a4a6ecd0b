import type { LogRefusal } from '../../../actors/cluster/log/protocol.ts';
import type { ProposalApplied } from '../../../actors/cluster/state/protocol.ts';
import { type ProposalOutcome, Proposer } from '../../../actors/proposer.ts';
import type { Command } from '../../../src/core/jobs/commands.ts';
import type { NodeName } from '../../../src/core/units.ts';
import type { ActorDefinition } from '../../../src/runtime/types.ts';

/** Accepted by `driver`, the client in a simulated node: proposes what the test says. */
export type DriverCommand =
  | { readonly type: 'submit'; readonly request: number; readonly command: Command }
  | ProposalApplied
  | LogRefusal;

export interface DriverPorts {
  /** How the proposal of `request` ended. Not called when the driver's life ends first: nobody knows then. */
  readonly ended: (request: number, outcome: ProposalOutcome) => void;
}

/** Stands in for the api's way into the log. */
export const driverDefinition: ActorDefinition<DriverCommand, { readonly nodeName: NodeName }, DriverPorts> = {
  mailbox: { capacity: 1_024, overflow: { policy: 'reject' } },
  start: (context, config, ports) => {
    const proposer = new Proposer(context, config.nodeName);
    context.ready();
    return {
      receive: (message) => {
        if (message.type !== 'submit') proposer.receive(message);
        else proposer.propose(message.command, (outcome) => ports.ended(message.request, outcome));
      },
      timer: (key) => {
        proposer.timer(key);
      },
    };
  },
};
