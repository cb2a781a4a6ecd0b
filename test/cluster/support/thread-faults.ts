import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NodeOptions, NodeProcess } from '../../support/node-process.ts';
import { waitUntil } from '../../support/wait-until.ts';

export const faults = ['throw', 'exit', 'memory', 'loop'] as const;
export type Fault = (typeof faults)[number];

/** Long enough for a thread of a busy machine, short enough for a test. */
const hangMs = 3_000;
/** Memory of a thread: it is soon exhausted, and enough to work with. */
const heapMiB = 96;

/** A node whose threads die when they are told to (src/adapters/test-faults.ts). */
export class ThreadFaults {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'carillon-faults-'));
  readonly nodeOptions: NodeOptions = {
    env: { CARILLON_TEST_FAULTS: this.#folder, NODE_OPTIONS: `--max-old-space-size=${heapMiB}` },
    flags: ['--log-level=debug'],
  };

  constructor() {
    writeFileSync(path.join(this.#folder, 'hang-ms'), String(hangMs));
  }

  strike(actor: string, fault: Fault): void {
    const half = path.join(this.#folder, '.half');
    writeFileSync(half, fault);
    renameSync(half, path.join(this.#folder, actor));
  }

  /** Strikes, and waits until the actor is there again, and with it all that depends on it. */
  async strikeAndWait(node: NodeProcess, actor: string, fault: Fault): Promise<void> {
    const before = node.log;
    this.strike(actor, fault);
    await waitUntil(() => dependants(actor).every((name) => isReadySince(before, node, name)), {
      what: `${actor} is restarted after ${fault}`,
      deadlineMs: 60_000,
      seen: () => node.log.slice(-3_000),
    });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const restForOne = [
  ['membership', 'log', 'state'],
  ['scheduler', 'dispatcher'],
];

/** The actor, and those that are restarted with it. */
function dependants(actor: string): readonly string[] {
  const group = restForOne.find((members) => members.includes(actor)) ?? [actor];
  return group.slice(group.indexOf(actor));
}

/** What is kept of a log is cut at its beginning. */
function isReadySince(before: string, node: NodeProcess, actor: string): boolean {
  const lastLine = before.trimEnd().split('\n').at(-1) ?? '';
  const at = node.log.lastIndexOf(lastLine);
  const since = at === -1 ? node.log : node.log.slice(at + lastLine.length);
  return since.split('\n').some((line) => line.includes(`"actor":"${actor}"`) && line.includes('"msg":"actorReady"'));
}
