/** From values to places on an axis, with the values to be written beside it. */
export interface Scale {
  /** 0: the beginning of the axis, 1: its end. Values beyond are drawn at its ends. */
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));
const sizes = [1, 2, 5, 10];
const wantedTicks = 6;

/** From 0 to at least `largest`. */
export function linearScale(largest: number): Scale {
  const rough = (largest > 0 ? largest : 1) / wantedTicks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (sizes.find((size) => size * power >= rough) ?? 10) * power;
  const count = Math.max(1, Math.ceil(largest / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => ({
    value: index * step,
    text: numberText(index * step),
  }));
  return { at: (value) => clamp(value / (count * step)), ticks };
}

/** Powers of ten around the values; what is below `least` is drawn there. */
export function powerScale(values: readonly number[], least: number): Scale {
  const positive = values.map((value) => Math.max(value, least));
  const exponent = (pick: (a: number, b: number) => number): number =>
    Math.log10(positive.reduce((a, b) => pick(a, b), positive[0] ?? 1));
  const first = Math.floor(exponent(Math.min));
  const last = Math.max(first + 1, Math.ceil(exponent(Math.max)));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => {
    const value = 10 ** (first + index);
    return { value, text: numberText(value) };
  });
  return { at: (value) => clamp((Math.log10(Math.max(value, least)) - first) / (last - first)), ticks };
}

/** Shares of a whole, each further nine as long as the one before: the slowest few can be seen too. */
export const ninesScale: Scale = {
  at: (share) => clamp(-Math.log10(Math.max(1 - share, 1e-4)) / 4),
  ticks: [0, 0.5, 0.9, 0.99, 0.999, 0.9999].map((value) => ({ value, text: `${Number((value * 100).toFixed(2))} %` })),
};

const numberText = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en-US');
