import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { journalFrame, readJournalFrames } from '../../../src/wire/journal-frames.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
const writes = fc.array(fc.record({ key: bytes, value: fc.option(fc.uint8Array({ maxLength: 40 })) }), {
  maxLength: 5,
});

describe('frames of the journal', () => {
  it('come back as they were, and what is cut ends before the cut', () => {
    fc.assert(
      fc.property(fc.array(writes, { maxLength: 5 }), fc.nat(), (batches, at) => {
        const frames = batches.map(journalFrame);
        const whole = new Uint8Array(Buffer.concat(frames));
        expect(readJournalFrames(whole)).toEqual({ writes: batches.flat(), end: 'whole' });
        const cutAt = whole.length === 0 ? 0 : at % whole.length;
        let complete = 0;
        for (let end = 0; complete < frames.length && end + (frames[complete]?.length ?? 0) <= cutAt; complete += 1) {
          end += frames[complete]?.length ?? 0;
        }
        const cut = readJournalFrames(whole.subarray(0, cutAt));
        expect(cut.writes).toEqual(batches.slice(0, complete).flat());
        expect(cut.end === 'damaged').toBe(false);
      }),
    );
  });

  it('are known to be damaged when a bit of them is another one', () => {
    fc.assert(
      fc.property(writes, fc.nat(), fc.nat(7), (batch, at, bit) => {
        const frame = journalFrame(batch);
        const index = 4 + (at % (frame.length - 4));
        frame[index] = (frame[index] ?? 0) ^ (1 << bit);
        expect(readJournalFrames(frame)).toEqual({ writes: [], end: 'damaged' });
      }),
    );
  });
});
