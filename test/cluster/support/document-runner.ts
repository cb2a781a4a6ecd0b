import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { CommandsExample, Example } from '../../support/document-examples.ts';
import type { NodeProcess } from '../../support/node-process.ts';
import { fixesTimes, isAsShown } from '../../support/shown-output.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import { waitUntil } from '../../support/wait-until.ts';

const bin = path.resolve(import.meta.dirname, '../../../bin');
const defaultAddress = /(?:localhost|127\.0\.0\.1):8080/g;
const showsRefusal = /^\{"code":"/m;
/** Longer than the slowest example takes on a busy machine; a wrong one fails after it. */
const deadlineMs = 40_000;

export interface Ran {
  readonly example: CommandsExample;
  /** What came out at last: of both streams, with the address that documents name. */
  readonly actual: string;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Tries the examples of a document in order, as its reader would, in one folder and against one node. */
export class DocumentRunner {
  readonly #node: NodeProcess;
  readonly #folder: TemporaryFolder;
  readonly #deadlineMs: number;
  readonly #pids = new Set<number>();

  constructor(node: NodeProcess, folder: TemporaryFolder, deadline = deadlineMs) {
    this.#node = node;
    this.#folder = folder;
    this.#deadlineMs = deadline;
    // curl's progress is for terminals. A refusal has to fail the example, unless it is what the example shows.
    folder.write('.curlrc', 'silent\nshow-error\nfail-with-body\n');
    folder.write('refusals/.curlrc', 'silent\nshow-error\n');
    mkdirSync(path.join(folder.path, 'work'));
  }

  /** Throws at the first example that isn't as the document says. */
  async run(examples: readonly Example[]): Promise<readonly Ran[]> {
    const done: Ran[] = [];
    for (const example of examples) {
      if (example.type === 'file') this.#folder.write(path.join('work', example.name), example.text);
      else done.push({ example, actual: await this.#untilAsShown(example) });
    }
    return done;
  }

  /** Ends what was started and still runs, and all that it started. */
  end(): void {
    for (const pid of this.#pids) process.kill(-pid, 'SIGKILL');
  }

  /** Commands that only look are repeated until they show what they should: jobs need their time. */
  async #untilAsShown(example: CommandsExample): Promise<string> {
    let ended = await this.#start(example);
    if (isOnlyLooking(example.text)) {
      const tried = (): boolean => problemOf(example, ended.output, ended.code) === null;
      await waitUntil(
        async () => {
          if (tried()) return true;
          ended = await this.#start(example);
          return tried();
        },
        {
          what: `line ${example.line} shows what it should:\n${example.shown ?? ''}`,
          deadlineMs: this.#deadlineMs,
          intervalMs: 200,
          seen: () => `(exit code ${ended.code})\n${ended.output}`,
        },
      );
    }
    judge(example, ended.output, ended.code);
    return ended.output;
  }

  #start({ text, shown }: CommandsExample): Promise<Ended> {
    const address = `127.0.0.1:${this.#node.httpPort}`;
    const child = spawn('/bin/sh', ['-e', '-c', `exec 2>&1\n${text.replaceAll(defaultAddress, address)}`], {
      cwd: path.join(this.#folder.path, 'work'),
      env: {
        PATH: [bin, path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
        HOME: path.join(this.#folder.path, showsRefusal.test(shown ?? '') ? 'refusals' : ''),
        CARILLON_API: this.#node.url,
        TZ: 'UTC',
        LC_ALL: 'C',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) this.#pids.add(pid);
    // Of what never ends, what it has shown tells more than the end of the test's time.
    const killer = setTimeout(() => process.kill(-(pid ?? 0), 'SIGKILL'), deadlineMs);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(killer);
        if (pid !== undefined) this.#pids.delete(pid);
        resolve({ code, output: output.replaceAll(address, 'localhost:8080') });
      });
    });
  }
}

function judge(example: CommandsExample, output: string, code: number | null): void {
  const problem = problemOf(example, output, code);
  if (problem !== null) throw new Error(`line ${example.line}: ${problem}`);
}

/** Null: as the document says. */
function problemOf({ text, shown }: CommandsExample, output: string, code: number | null): string | null {
  if (code !== 0) return `exit code ${code} of\n${text}\n${output}`;
  if (shown === null || isAsShown(shown, output, { exactTimes: fixesTimes(text) })) return null;
  return `${text}\nshows\n${output}\ninstead of\n${shown}`;
}

const looking =
  /^(?:#|$|curl (?:-G |(?!.* (?:-X|-d|-F|--data)))|carillon (?:jobs (?:list|get|next|diff)|executions (?:list|logs))\b)/;

const isOnlyLooking = (text: string): boolean =>
  text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .every((line) => looking.test(line.trim()));
