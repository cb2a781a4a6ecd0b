import { describe, expect, it } from 'vitest';
import { TerminalScreen } from './terminal-screen.ts';

const size = { columns: 4, rows: 2 };

describe('the screen of a terminal', () => {
  it('shows what was written, wraps late, and scrolls', () => {
    const screen = new TerminalScreen(size);
    screen.write('abcd');
    expect([screen.lines, screen.scrolledLines]).toEqual([['abcd', ''], 0]);
    screen.write('\r\nef');
    expect(screen.lines).toEqual(['abcd', 'ef']);
    screen.write('gh');
    screen.write('i');
    expect([screen.lines, screen.scrolledLines]).toEqual([['efgh', 'i'], 1]);
  });

  it('erases the last column too when that was just written', () => {
    const screen = new TerminalScreen(size);
    screen.write('abcd\u001b[K');
    expect(screen.lines[0]).toBe('abc');
    screen.write('\u001b[H\u001b[J');
    expect(screen.text).toBe('');
  });

  it('has a second screen, a cursor that hides, and colours', () => {
    const screen = new TerminalScreen(size);
    screen.write('ab\u001b[?1049h\u001b[?25l\u001b[31m\u001b[Hx\u001b[0m');
    expect([screen.text, screen.isAlternate, screen.isCursorShown, screen.colours]).toEqual(['x', true, false, 1]);
    screen.write('\u001b[?25h\u001b[?1049lc');
    expect([screen.text, screen.isAlternate, screen.isCursorShown]).toEqual(['abc', false, true]);
  });

  it('takes sequences that come in pieces, passes commands on, and refuses what it does not know', () => {
    const commands: string[] = [];
    const screen = new TerminalScreen(size, (text) => void commands.push(text));
    for (const piece of ['a\u001b', '[', 'K', '\u001b]pid', ' 7', '\u0007b']) screen.write(piece);
    expect([screen.text, commands]).toEqual(['ab', ['pid 7']]);
    expect(() => screen.write('\u001b[3A')).toThrow('unknown escape sequence: 3A');
    expect(() => new TerminalScreen(size).write('\u0001')).toThrow('unknown control character');
  });

  it('keeps what fits when it is resized', () => {
    const screen = new TerminalScreen(size);
    screen.write('abcd\r\nef');
    screen.resize({ columns: 2, rows: 1 });
    expect(screen.lines).toEqual(['ab']);
    screen.resize({ columns: 3, rows: 2 });
    expect(screen.lines).toEqual(['ab', '']);
  });
});
