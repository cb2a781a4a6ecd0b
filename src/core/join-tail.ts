/** The last `limitBytes` bytes of the pieces put together. */
export function joinTail(pieces: readonly Uint8Array[], limitBytes: number): Uint8Array {
  const totalBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const joined = new Uint8Array(Math.min(totalBytes, limitBytes));
  let end = joined.length;
  for (let index = pieces.length - 1; index >= 0 && end > 0; index -= 1) {
    const piece = pieces[index] ?? new Uint8Array(0);
    const kept = piece.subarray(Math.max(0, piece.length - end));
    end -= kept.length;
    joined.set(kept, end);
  }
  return joined;
}
