import { assertNever } from '../../src/core/assert.ts';
import type { Curves } from '../frame/reading.ts';
import { drawing, element, label } from './markup.ts';
import { linearScale, ninesScale, powerScale, type Scale } from './scale.ts';

const width = 960;
const height = 340;
const box = { left: 70, right: 20, top: 30, bottom: 50 };
/** Starts on time to a tenth of a millisecond are drawn as one. */
const leastLatenessMs = 0.1;
/** As many as the style sheet has colours and dashes for; beyond, they come again. */
const lineStyles = 4;

export function curveChart({ kind, title, xAxis, yAxis, lines }: Curves): string {
  const { x, y } = scalesOf(kind, lines);
  const across = (value: number): number => box.left + x.at(value) * (width - box.left - box.right);
  const up = (value: number): number => height - box.bottom - y.at(value) * (height - box.top - box.bottom);
  const vertical = x.ticks.flatMap(({ value, text }) => [
    element('line', { class: 'grid', x1: across(value), x2: across(value), y1: box.top, y2: height - box.bottom }),
    label(text, { x: across(value), y: height - box.bottom + 16, 'text-anchor': 'middle' }),
  ]);
  const horizontal = y.ticks.flatMap(({ value, text }) => [
    element('line', { class: 'grid', x1: box.left, x2: width - box.right, y1: up(value), y2: up(value) }),
    label(text, { x: box.left - 8, y: up(value) + 4, 'text-anchor': 'end' }),
  ]);
  const axes = [
    label(xAxis, { x: (box.left + width - box.right) / 2, y: height - 10, 'text-anchor': 'middle' }),
    label(yAxis, { x: box.left, y: 12, 'text-anchor': 'start' }),
  ];
  const drawn = lines.flatMap(({ name, points }, index) => {
    const style = `line line${index % lineStyles}`;
    const legendX = width - box.right - (lines.length - index) * 110;
    const path = points.map(([px, py]) => `${across(px).toFixed(1)},${up(py).toFixed(1)}`).join(' ');
    return [
      element('polyline', { class: style, points: path }),
      element('line', { class: style, x1: legendX, x2: legendX + 24, y1: 12, y2: 12 }),
      label(name, { x: legendX + 30, y: 16 }),
    ];
  });
  return drawing(width, height, title, [...vertical, ...horizontal, ...axes, ...drawn]);
}

function scalesOf(kind: Curves['kind'], lines: Curves['lines']): { readonly x: Scale; readonly y: Scale } {
  const values = (axis: 0 | 1): readonly number[] => lines.flatMap(({ points }) => points.map((point) => point[axis]));
  const largest = (axis: 0 | 1): number => values(axis).reduce((a, b) => Math.max(a, b), 0);
  switch (kind) {
    case 'distribution':
      return { x: powerScale(values(0), leastLatenessMs), y: ninesScale };
    case 'course':
      return { x: linearScale(largest(0)), y: linearScale(largest(1)) };
    default:
      return assertNever(kind);
  }
}
