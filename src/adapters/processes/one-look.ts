import type { ProcessIdentity } from '../../executors/types.ts';
import type { ProcessRow, ProcessTable } from './process-table.ts';

/**
 * A process table that is read once in a turn of the event loop, however many ask: after a crash each of a thousand
 * executions has to be looked for. Who is not listed at one moment, and has no living relative then, is not there later
 * in the turn either; who is listed may be gone meanwhile, and is looked for again.
 */
export class OneLookTable implements ProcessTable {
  readonly #table: ProcessTable;
  #rows: readonly ProcessRow[] | null = null;
  /** What each process carries of what somebody asked for. */
  #environments = new Map<number, ReadonlySet<string>>();

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  identify(pid: number): ProcessIdentity {
    return this.#table.identify(pid);
  }

  rows(): readonly ProcessRow[] {
    this.#rows ??= this.#look();
    return this.#rows;
  }

  carries(pid: number, entry: string): boolean {
    this.rows();
    let environment = this.#environments.get(pid);
    if (environment === undefined) {
      environment = this.#table.environment(pid);
      this.#environments.set(pid, environment);
    }
    return environment.has(entry);
  }

  environment(pid: number): ReadonlySet<string> {
    return this.#table.environment(pid);
  }

  residentBytes(pid: number): number {
    return this.#table.residentBytes(pid);
  }

  signal(pid: number, signal: NodeJS.Signals): boolean {
    return this.#table.signal(pid, signal);
  }

  signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
    return this.#table.signalGroup(groupId, signal);
  }

  #look(): readonly ProcessRow[] {
    setImmediate(() => {
      this.#rows = null;
      this.#environments = new Map();
    });
    return this.#table.rows();
  }
}
