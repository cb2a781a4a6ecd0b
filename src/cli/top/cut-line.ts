const introducer = '\u001b';
/** A change of colour, or one character. */
const pieces = new RegExp(`${introducer}\\[[\\d;]*m|.`, 'gsu');
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;
const noWidth = /\p{Mn}|\u200b|\u200d/u;
const plain = `${introducer}[0m`;

/** The line as far as it fits; colours take no space, and none is left open. */
export function cutLine(line: string, columns: number): string {
  let cut = '';
  let width = 0;
  let isPainted = false;
  for (const [piece] of line.matchAll(pieces)) {
    if (piece.length > 1 && piece.startsWith(introducer)) {
      isPainted = piece !== plain;
    } else {
      width += widthOf(piece);
      if (width > columns) return isPainted ? `${cut}${plain}` : cut;
    }
    cut += piece;
  }
  return cut;
}

function widthOf(character: string): number {
  if (noWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
