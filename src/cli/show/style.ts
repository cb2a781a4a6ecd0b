import type { CliHost } from '../types.ts';

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type StyleName = keyof typeof codes;

/** Puts colours around a text, or leaves it as it is. */
export type Paint = (style: StyleName, text: string) => string;

/** Colours are for a person at a terminal who did not refuse them (no-color.org). */
export function painter({ config, terminal }: CliHost): Paint {
  const { NO_COLOR = '', TERM } = config.environment;
  const isColoured = terminal.isOutputTty && NO_COLOR === '' && TERM !== 'dumb';
  return (style, text) => (isColoured && text !== '' ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}
