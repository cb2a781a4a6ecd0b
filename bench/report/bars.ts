import { drawing, element, label } from './markup.ts';
import { powerScale } from './scale.ts';

export interface Bar {
  readonly name: string;
  /** As a multiple of what it is compared with; above zero. More is better. */
  readonly ratio: number;
  readonly text: string;
}

const width = 960;
const rowHeight = 22;
const nameWidth = 400;
const textWidth = 230;
const axisHeight = 24;

/** Bars from the line at 1: to the right what is better, to the left what is worse, on a scale of powers of ten. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const height = bars.length * rowHeight + axisHeight;
  const room = width - nameWidth - textWidth;
  const scale = powerScale([0.1, 10, ...bars.map(({ ratio }) => ratio)], 1e-6);
  const x = (ratio: number): number => nameWidth + scale.at(ratio) * room;
  const bottom = height - axisHeight;
  const grid = scale.ticks.flatMap(({ value, text }) => [
    element('line', { class: value === 1 ? 'goal' : 'grid', x1: x(value), x2: x(value), y1: 0, y2: bottom }),
    label(`× ${text}`, { x: x(value), y: height - 8, 'text-anchor': 'middle' }),
  ]);
  const rows = bars.flatMap(({ name, ratio, text }, index) => {
    const y = index * rowHeight;
    const from = Math.min(x(1), x(ratio));
    const attributes = { x: from, y: y + 4, width: Math.max(1, Math.abs(x(ratio) - x(1))), height: rowHeight - 8 };
    return [
      label(name, { x: nameWidth - 8, y: y + 15, 'text-anchor': 'end' }),
      element('rect', { class: ratio >= 1 ? 'better' : 'worse', ...attributes }),
      label(text, { x: width - textWidth + 8, y: y + 15 }),
    ];
  });
  return drawing(width, height, title, [...grid, ...rows]);
}
