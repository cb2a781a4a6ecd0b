import { type HostedDefinition, hosted } from '../definition.ts';
import type { ChildSpec, SupervisionTable } from '../supervision.ts';
import type { ActorDefinition } from '../types.ts';

/** A row of the table of a simulated node: the definition itself instead of the module that exports it. */
export interface SimulationRow extends ChildSpec {
  readonly definition: HostedDefinition;
  readonly config: unknown;
}

/** Makes a row; the compiler checks the configuration against the definition. */
export function simulationRow<Message, Config, Ports>(
  row: ChildSpec & {
    readonly definition: ActorDefinition<Message, Config, Ports>;
    readonly config: NoInfer<Config>;
  },
): SimulationRow {
  return { ...row, definition: hosted(row.definition) };
}

export type SimulationTable = SupervisionTable<SimulationRow>;
