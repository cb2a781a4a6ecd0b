export type SuccessCodes =
  | { readonly ok: true; readonly codes: ReadonlySet<number> }
  | { readonly ok: false; readonly error: string };

const ZERO_ONLY: ReadonlySet<number> = new Set([0]);
const LARGEST_CODE = 255;

/** Reads `success_codes`: the exit codes that count as a success, and no others; without any it is 0. */
export function parseSuccessCodes(text: string): SuccessCodes {
  if (text === '') return { ok: true, codes: ZERO_ONLY };
  const codes = new Set<number>();
  for (const part of text.split(',')) {
    const digits = part.trim();
    const code = /^[0-9]{1,3}$/.test(digits) ? Number(digits) : LARGEST_CODE + 1;
    if (code > LARGEST_CODE) return { ok: false, error: `must be exit codes from 0 to ${LARGEST_CODE}, as in "0,3"` };
    codes.add(code);
  }
  return { ok: true, codes };
}
