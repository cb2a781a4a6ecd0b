import type { CliHost } from '../types.ts';

const barWidth = 30;

/** A bar on stderr while long work goes on, for people alone: to a file or a pipe it writes nothing. */
export class Progress {
  readonly #write: ((text: string) => void) | null;
  readonly #label: string;
  readonly #total: number;
  #done = 0;
  #shownPercent = -1;

  constructor({ output, terminal }: Pick<CliHost, 'output' | 'terminal'>, label: string, total: number) {
    this.#write = terminal.isErrorTty ? (text) => output.error(text) : null;
    this.#label = label;
    this.#total = total;
    this.#draw();
  }

  get done(): number {
    return this.#done;
  }

  get total(): number {
    return this.#total;
  }

  advance(): void {
    this.#done += 1;
    this.#draw();
  }

  /** Takes the bar away. */
  end(): void {
    this.#write?.('\r\u001b[K');
  }

  /** Once per percent: 10,000 steps are no 10,000 writes. */
  #draw(): void {
    const percent = this.#total === 0 ? 100 : Math.floor((this.#done / this.#total) * 100);
    if (percent === this.#shownPercent) return;
    this.#shownPercent = percent;
    const filled = Math.floor((percent / 100) * barWidth);
    const bar = '#'.repeat(filled).padEnd(barWidth, '.');
    this.#write?.(`\r${this.#label} [${bar}] ${percent}% ${this.#done}/${this.#total}`);
  }
}
