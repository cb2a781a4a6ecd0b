import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process';
import { beforeAll, beforeEach } from 'vitest';
import { type ScreenSize, TerminalScreen } from './terminal-screen.ts';
import { type WaitOptions, waitUntil } from './wait-until.ts';

/** The one of util-linux, which Debian's bsdutils holds: others take other options. */
const hasScript = spawnSync('script', ['-qefc', 'exit 7', '/dev/null'], { stdio: 'ignore' }).status === 7;

const whyNoTerminal = 'no terminal to test on: install `script` of util-linux (on Debian, bsdutils has it)';

/** To be called inside of `describe`: without a terminal its tests are skipped, and the output says why. */
export function skipWithoutTerminal(): void {
  if (hasScript) return;
  beforeAll(() => console.warn(`skipped: ${whyNoTerminal}`));
  beforeEach(({ skip }) => skip(whyNoTerminal));
}

export interface TerminalOptions {
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  /** 80 columns and 24 rows by default. */
  readonly size?: ScreenSize;
}

type Deadline = Pick<WaitOptions, 'deadlineMs'>;

/** `isRestored`: keys work as before. */
export interface TerminalEnd {
  readonly code: number | null;
  readonly isRestored: boolean;
}

/**
 * What runs on the terminal: tells its name, then the program's pid, and at last whether the program left the keys (line
 * by line, with echo) as it found them. The shell outlives Ctrl-C, as one at a prompt does.
 */
const scene = `
trap : INT
stty rows "$1" cols "$2"
shift 2
before=$(stty -g)
printf '\\033]tty %s\\007' "$(tty)"
sh -c 'printf "\\033]pid %s\\007" $$; exec "$@"' sh "$@"
code=$?
test "$(stty -g)" = "$before" && printf '\\033]restored\\007'
exit $code
`;

/** A program on a terminal of its own, which can be typed into, looked at and resized. */
export class TerminalProcess {
  readonly screen: TerminalScreen;
  /** Resolves when the program has ended; 128 and its number is the code after a signal. */
  readonly ended: Promise<TerminalEnd>;
  readonly #script: ChildProcessWithoutNullStreams;
  #written = '';
  #tty = '';
  #pid: number | null = null;
  #isRestored = false;
  #end: TerminalEnd | null = null;
  #failure: unknown = null;

  constructor(command: readonly string[], { directory, env = {}, size = { columns: 80, rows: 24 } }: TerminalOptions) {
    if (!hasScript) throw new Error(whyNoTerminal);
    this.screen = new TerminalScreen(size, (text) => this.#told(text));
    const words = ['sh', '-c', scene, 'sh', String(size.rows), String(size.columns), ...command];
    this.#script = spawn('script', ['-qefc', `exec ${words.map(quoted).join(' ')}`, '/dev/null'], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: directory, SHELL: '/bin/sh', TERM: 'xterm', ...env },
    });
    this.#script.stdout.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#script.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      this.#script.once('error', reject);
      this.#script.once('close', (code) => {
        this.#end = { code, isRestored: this.#isRestored };
        resolve(this.#end);
      });
    });
  }

  /** All that was written, with its escape sequences. */
  get written(): string {
    return this.#written;
  }

  async until(what: string, isSo: (screen: TerminalScreen) => boolean, deadline: Deadline = {}): Promise<void> {
    await waitUntil(
      () => {
        if (this.#failure !== null) throw this.#failure;
        if (isSo(this.screen)) return true;
        if (this.#end !== null) throw new Error(`it ended with ${this.#end.code} before ${what}:\n${this.#written}`);
        return false;
      },
      { what, seen: () => `\n${this.screen.text}`, ...deadline },
    );
  }

  /** Waits until the screen shows the text. */
  async untilShown(text: string | RegExp, deadline?: Deadline): Promise<void> {
    const isShown = ({ text: shown }: TerminalScreen): boolean =>
      typeof text === 'string' ? shown.includes(text) : text.test(shown);
    await this.until(`it shows ${text}`, isShown, deadline);
  }

  /** As from the keyboard. */
  type(keys: string): void {
    this.#script.stdin.write(keys);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#pid === null) throw new Error('the program has not begun');
    process.kill(this.#pid, signal);
  }

  /** As when somebody pulls at the window's corner. */
  resize(size: ScreenSize): void {
    this.screen.resize(size);
    execFileSync('stty', ['-F', this.#tty, 'rows', String(size.rows), 'cols', String(size.columns)]);
  }

  /** For the end of a test, whatever came of it. */
  async dispose(): Promise<void> {
    if (this.#end !== null) return;
    try {
      if (this.#pid !== null) this.kill('SIGKILL');
      else this.#script.kill('SIGKILL');
    } catch {
      // It has ended in this moment.
    }
    await this.ended;
  }

  #take(text: string): void {
    this.#written += text;
    try {
      this.screen.write(text);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #told(text: string): void {
    const [what, value = ''] = text.split(' ');
    if (what === 'tty') this.#tty = value;
    else if (what === 'pid') this.#pid = Number(value);
    else if (what === 'restored') this.#isRestored = true;
  }
}

/** Runs `test` with a program on a terminal, and always ends that. */
export async function onTerminal(
  command: readonly string[],
  options: TerminalOptions,
  test: (terminal: TerminalProcess) => Promise<void>,
): Promise<void> {
  const terminal = new TerminalProcess(command, options);
  try {
    await test(terminal);
  } finally {
    await terminal.dispose();
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
