export type CommandWords =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly error: string };

const blanks = new Set([' ', '\t', '\r', '\n']);
/** An unquoted one ends the command: what follows is dropped, as in Dkron (dkron-v4 2.6.1). */
const terminators = new Set([';', '&', '|', '<', '>']);

/**
 * Splits a command into words without running or expanding anything, as Dkron's library does (go-shellwords 1.0.12):
 * quotes and backslashes are honoured, backticks and `$(…)` stay as they stand. Its quirks are kept: quotes count inside
 * backticks, and a lone `)` opens what the next one closes.
 */
export function splitCommand(command: string): CommandWords {
  return new Splitter().split(command);
}

class Splitter {
  readonly #words: string[] = [];
  #word = '';
  /** A word was begun: `''` is a word, too. */
  #inWord = false;
  #escaped = false;
  #single = false;
  #double = false;
  #backtick = false;
  /** Inside `$(…)`. */
  #dollar = false;

  split(command: string): CommandWords {
    for (const character of command) {
      const verdict = this.#take(character);
      if (verdict === 'invalid') return invalid;
      if (verdict === 'end') break;
    }
    if (this.#escaped || this.#enclosed()) return invalid;
    this.#endWord();
    return { ok: true, words: this.#words };
  }

  #take(character: string): 'next' | 'end' | 'invalid' {
    if (this.#escaped) {
      this.#escaped = false;
      return this.#append(character);
    }
    if (character === '\\') {
      if (this.#single) this.#word += character;
      else this.#escaped = true;
      return 'next';
    }
    if (blanks.has(character)) {
      if (this.#enclosed()) this.#word += character;
      else this.#endWord();
      return 'next';
    }
    if (terminators.has(character) && !this.#enclosed()) {
      // `2>file`: the digit is no argument, it belongs to the redirection; the library looks at the first character only.
      if (character === '>' && /^[0-9]/.test(this.#word)) this.#inWord = false;
      return 'end';
    }
    return this.#enclose(character) ?? this.#append(character);
  }

  #enclosed(): boolean {
    return this.#single || this.#double || this.#backtick || this.#dollar;
  }

  #append(text: string): 'next' {
    this.#word += text;
    this.#inWord = true;
    return 'next';
  }

  #endWord(): void {
    if (!this.#inWord) return;
    this.#words.push(this.#word);
    this.#word = '';
    this.#inWord = false;
  }

  /** What begins or ends an enclosure; null: to be taken as any other character, too. */
  #enclose(character: string): 'next' | 'invalid' | null {
    switch (character) {
      case '`':
        if (!this.#single && !this.#double && !this.#dollar) this.#backtick = !this.#backtick;
        return null;
      case ')':
        if (!this.#single && !this.#double && !this.#backtick) this.#dollar = !this.#dollar;
        return null;
      case '(':
        return this.#openParenthesis();
      case '"':
        if (this.#single || this.#dollar) return null;
        if (this.#double) this.#inWord = true;
        this.#double = !this.#double;
        return 'next';
      case "'":
        if (this.#double || this.#dollar) return null;
        if (this.#single) this.#inWord = true;
        this.#single = !this.#single;
        return 'next';
      default:
        return null;
    }
  }

  #openParenthesis(): 'next' | 'invalid' | null {
    if (this.#single || this.#double || this.#backtick) return null;
    if (this.#dollar || !this.#word.endsWith('$')) return 'invalid';
    this.#dollar = true;
    this.#word += '(';
    return 'next';
  }
}

const invalid: CommandWords = { ok: false, error: 'invalid command line string' };
