import type { Paint, StyleName } from './style.ts';

export interface Cell {
  readonly text: string;
  readonly style?: StyleName;
}

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align?: 'left' | 'right';
}

const gap = '  ';

/** Lines of columns, with a title each; `rows` have a cell for each column. Empty cells show as `-`. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], paint: Paint): string {
  const titles = columns.map(({ title }): Cell => ({ text: title, style: 'bold' }));
  const lines = [titles, ...rows].map((row) => row.map(({ text, ...rest }) => ({ ...rest, text: visible(text) })));
  const widths = columns.map((_, index) =>
    lines.reduce((widest, row) => Math.max(widest, lengthOf(row[index]?.text ?? '')), 0),
  );
  return lines
    .map((row) => {
      const cells = row.map((cell, index) => pad(cell, widths[index] ?? 0, columns[index], paint));
      return `${cells.join(gap).trimEnd()}\n`;
    })
    .join('');
}

function pad({ text, style }: Cell, width: number, column: Column | undefined, paint: Paint): string {
  const blanks = ' '.repeat(width - lengthOf(text));
  const painted = style === undefined ? text : paint(style, text);
  return column?.align === 'right' ? blanks + painted : painted + blanks;
}

/** Names and texts come from others: control characters must not reach the terminal. */
export const visible = (text: string): string => (text === '' ? '-' : text.replace(/\p{Cc}/gu, '?'));

const lengthOf = (text: string): number => [...text].length;
