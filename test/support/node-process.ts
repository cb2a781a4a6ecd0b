import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from './free-ports.ts';
import { type HttpAnswer, type HttpRequest, type SendOptions, send } from './http-client.ts';
import { waitUntil } from './wait-until.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const builtProgram = path.join(repository, 'dist/bundle/actors/main.js');
/** How much of a node's log is kept for a failure's report. */
const keptLogBytes = 200_000;
const startTries = 3;

export interface NodeOptions {
  readonly name?: string;
  /** More flags of `carillon agent`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How long a start may take, on a machine that has much else to do; 30 s by default. */
  readonly servesWithinMs?: number;
  /** Another program that takes the same command line. */
  readonly program?: string;
}

export interface NodeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Ports {
  readonly http: number;
  readonly bind: number;
  readonly rpc: number;
}

/** A real node in a process and a data directory of its own. Ends only the process that it started, by its pid. */
export class NodeProcess {
  readonly name: string;
  readonly dataDir: string;
  readonly #options: NodeOptions;
  #ports: Ports;
  #child: ChildProcess | undefined;
  #exit: Promise<NodeExit> | undefined;
  #log = '';

  private constructor(options: NodeOptions, dataDir: string, ports: Ports) {
    this.#options = options;
    this.name = options.name ?? 'n0';
    this.dataDir = dataDir;
    this.#ports = ports;
  }

  /** Starts a node with an empty data directory, and waits until it serves. */
  static async start(options: NodeOptions = {}): Promise<NodeProcess> {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'carillon-test-'));
    const node = new NodeProcess(options, dataDir, await choosePorts());
    for (let attempt = 1; ; attempt++) {
      try {
        await node.boot();
        return node;
      } catch (error) {
        // Somebody took a port between the look and the bind: try others.
        const portTaken = /EADDRINUSE|address already in use/i.test(node.#log);
        if (!portTaken || attempt === startTries) {
          await node.dispose();
          throw error;
        }
        node.#ports = await choosePorts();
      }
    }
  }

  get httpPort(): number {
    return this.#ports.http;
  }

  /** Base URL, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`node ${this.name} does not run`);
    return pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** What the node printed, over all its lives. */
  get log(): string {
    return this.#log;
  }

  /** Starts the process (again), on the same ports and data, and waits until it serves. */
  async boot(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`node ${this.name} runs already`);
    const program = this.#options.program ?? builtProgram;
    if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
    const child = spawn(process.execPath, [program, 'agent', ...this.#flags()], {
      cwd: this.dataDir,
      env: { PATH: process.env.PATH, HOME: this.dataDir, TZ: 'UTC', ...this.#options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#note(`could not be started: ${error.message}\n`);
        this.#child = undefined;
        resolve({ code: null, signal: null });
      });
      child.once('exit', (code, signal) => {
        this.#note(`process ${child.pid} ended: code ${code}, signal ${signal}\n`);
        this.#child = undefined;
        resolve({ code, signal });
      });
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#note(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#note(text));
    await this.#untilReady(child);
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    await waitUntil(
      async () => {
        if (this.#child !== child) throw new Error(`node ${this.name} ended before it served:\n${this.#log}`);
        try {
          const answer = await this.request({ method: 'GET', path: '/health/ready' }, { timeoutMs: 2_000 });
          return answer.status === 200;
        } catch {
          return false;
        }
      },
      { what: `node ${this.name} serves`, deadlineMs: this.#options.servesWithinMs ?? 30_000, seen: () => this.#log },
    );
  }

  request(request: HttpRequest, options?: SendOptions): Promise<HttpAnswer> {
    return send(this.#ports.http, request, options);
  }

  /** Sends a signal and waits for the end; kills after the deadline, and then fails. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', deadlineMs = 30_000): Promise<NodeExit> {
    const child = this.#child;
    const exit = this.#exit;
    if (child === undefined || exit === undefined) throw new Error(`node ${this.name} does not run`);
    let late = false;
    const killer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.kill(signal);
    const outcome = await exit;
    clearTimeout(killer);
    if (late) throw new Error(`node ${this.name} did not end within ${deadlineMs} ms of ${signal}:\n${this.#log}`);
    return outcome;
  }

  /** kill -9: nothing is flushed, nothing is said. */
  async kill(): Promise<void> {
    await this.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.boot();
  }

  /** Ends the process if it runs, and removes its data. */
  async dispose(): Promise<void> {
    if (this.#child !== undefined) await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #flags(): string[] {
    return [
      '--server',
      '--bootstrap-expect=1',
      `--node-name=${this.name}`,
      `--http-addr=127.0.0.1:${this.#ports.http}`,
      `--bind-addr=127.0.0.1:${this.#ports.bind}`,
      `--rpc-port=${this.#ports.rpc}`,
      `--data-dir=${path.join(this.dataDir, 'data')}`,
      ...(this.#options.flags ?? []),
    ];
  }

  #note(text: string): void {
    this.#log = (this.#log + text).slice(-keptLogBytes);
  }
}

async function choosePorts(): Promise<Ports> {
  const [http, bind, rpc] = await freePorts(3);
  if (http === undefined || bind === undefined || rpc === undefined) throw new Error('too few ports');
  return { http, bind, rpc };
}

/** Runs `test` against a fresh node; prints the node's log when it fails; always ends the node. */
export async function withNode(options: NodeOptions, test: (node: NodeProcess) => Promise<void>): Promise<void> {
  const node = await NodeProcess.start(options);
  try {
    await test(node);
  } catch (error) {
    console.error(`--- log of node ${node.name}\n${node.log}--- end of log`);
    throw error;
  } finally {
    await node.dispose();
  }
}
