export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const escapeCharacter = '\u001b';
/** A whole escape sequence at the beginning: CSI, or OSC up to its BEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what escape sequences are made of
const sequence = /^\u001b(?:\[(?<parameters>[\d;?]*)(?<final>[A-Za-z])|\](?<command>[^\u0007]*)\u0007)/;
const longestSequence = 200;

/**
 * What a person would see: a terminal as far as our command line uses one, with a margin that wraps late, as xterm's does.
 * Throws at an escape sequence that it doesn't know.
 */
export class TerminalScreen {
  readonly #onCommand: (text: string) => void;
  #size: ScreenSize;
  #lines: string[][];
  /** The first screen, while the second is shown. */
  #aside: { readonly lines: string[][]; readonly row: number; readonly column: number } | null = null;
  #row = 0;
  /** As many as there are columns: the last one was written, and what comes next wraps. */
  #column = 0;
  #pending = '';
  #isCursorShown = true;
  #scrolledLines = 0;
  #colours = 0;

  /** `onCommand` gets the texts of operating system commands (OSC), which nobody sees. */
  constructor(size: ScreenSize, onCommand: (text: string) => void = () => undefined) {
    this.#size = size;
    this.#lines = emptyLines(size);
    this.#onCommand = onCommand;
  }

  /** Without blanks at their ends. */
  get lines(): readonly string[] {
    return this.#lines.map((line) => line.join('').trimEnd());
  }

  get text(): string {
    return this.lines.join('\n').trimEnd();
  }

  /** The second screen is shown, as editors have it. */
  get isAlternate(): boolean {
    return this.#aside !== null;
  }

  get isCursorShown(): boolean {
    return this.#isCursorShown;
  }

  /** How many lines went out of sight at the top. */
  get scrolledLines(): number {
    return this.#scrolledLines;
  }

  /** How many times a colour or another style was set. */
  get colours(): number {
    return this.#colours;
  }

  resize(size: ScreenSize): void {
    this.#size = size;
    this.#lines = resized(this.#lines, size);
    this.#row = Math.min(this.#row, size.rows - 1);
    this.#column = Math.min(this.#column, size.columns);
  }

  write(text: string): void {
    let rest = this.#pending + text;
    while (rest !== '') {
      if (!rest.startsWith(escapeCharacter)) {
        const [character = ''] = rest;
        this.#put(character);
        rest = rest.slice(character.length);
        continue;
      }
      const found = sequence.exec(rest);
      // The rest of it comes with the next piece.
      if (found === null && rest.length < longestSequence) break;
      if (found === null) throw new Error(`unknown escape sequence: ${JSON.stringify(rest.slice(0, 20))}`);
      const { parameters = '', final, command = '' } = found.groups ?? {};
      if (final === undefined) this.#onCommand(command);
      else this.#control(final, parameters);
      rest = rest.slice(found[0].length);
    }
    this.#pending = rest;
  }

  #put(character: string): void {
    switch (character) {
      case '\r':
        this.#column = 0;
        return;
      case '\n':
        this.#lineFeed();
        return;
      case '\u0007':
        return;
    }
    if (character < ' ') throw new Error(`unknown control character ${JSON.stringify(character)}`);
    if (this.#column === this.#size.columns) {
      this.#column = 0;
      this.#lineFeed();
    }
    const line = this.#lines[this.#row];
    if (line !== undefined) line[this.#column] = character;
    this.#column += 1;
  }

  #lineFeed(): void {
    this.#row += 1;
    if (this.#row < this.#size.rows) return;
    this.#row = this.#size.rows - 1;
    this.#lines.shift();
    this.#lines.push(emptyLine(this.#size));
    this.#scrolledLines += 1;
  }

  #control(final: string, parameters: string): void {
    switch (`${parameters}${final}`) {
      case 'H':
        [this.#row, this.#column] = [0, 0];
        return;
      case 'K':
        this.#eraseInLine();
        return;
      case 'J':
        this.#eraseInLine();
        for (let row = this.#row + 1; row < this.#size.rows; row += 1) this.#lines[row] = emptyLine(this.#size);
        return;
      case '?25l':
      case '?25h':
        this.#isCursorShown = final === 'h';
        return;
      case '?1049h':
        this.#aside ??= { lines: this.#lines, row: this.#row, column: this.#column };
        this.#lines = emptyLines(this.#size);
        return;
      case '?1049l':
        this.#leaveSecond();
        return;
      default:
        if (final !== 'm') throw new Error(`unknown escape sequence: ${parameters}${final}`);
        if (parameters !== '' && parameters !== '0') this.#colours += 1;
    }
  }

  #leaveSecond(): void {
    if (this.#aside === null) return;
    this.#lines = resized(this.#aside.lines, this.#size);
    this.#row = Math.min(this.#aside.row, this.#size.rows - 1);
    this.#column = Math.min(this.#aside.column, this.#size.columns);
    this.#aside = null;
  }

  /** Where the last column was just written, it is the one that the cursor still stands on. */
  #eraseInLine(): void {
    const line = this.#lines[this.#row];
    line?.fill(' ', Math.min(this.#column, this.#size.columns - 1));
  }
}

const emptyLine = ({ columns }: ScreenSize): string[] => Array.from({ length: columns }, () => ' ');

const emptyLines = (size: ScreenSize): string[][] => Array.from({ length: size.rows }, () => emptyLine(size));

/** Cut at the right and at the bottom; terminals differ in what they do, so nothing may depend on it. */
const resized = (lines: readonly (readonly string[])[], size: ScreenSize): string[][] =>
  emptyLines(size).map((empty, row) => empty.map((blank, column) => lines[row]?.[column] ?? blank));
