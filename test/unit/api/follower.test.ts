import { describe, expect, it } from 'vitest';
import type { AnswerStream } from '../../../src/api/http.ts';
import { type FollowedPart, OutputFollower, type StoredOutput } from '../../../src/api/output/follower.ts';
import { limits } from '../../../src/core/limits.ts';

/** A client that reads when a test says so. */
class Client implements AnswerStream {
  text = '';
  isBehind = false;
  hasEnded = false;
  #ready: (() => void)[] = [];

  write(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString('latin1');
  }

  whenReady(ready: () => void): void {
    this.#ready.push(ready);
    if (!this.isBehind) this.read();
  }

  end(): void {
    this.hasEnded = true;
  }

  cut(): void {
    throw new Error('nothing is cut');
  }

  /** A turn in which the client is not behind. */
  read(): void {
    this.isBehind = false;
    for (const ready of this.#ready.splice(0)) ready();
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const part = (kind: FollowedPart['part'], offset: number, text: string, closing = ''): FollowedPart => ({
  part: kind,
  offset,
  chunk: bytes(text),
  closing: bytes(closing),
});
const stored =
  (output: string, droppedBytes = 0, hasErrorLine = false) =>
  (): StoredOutput => ({
    output: bytes(output),
    droppedBytes,
    hasErrorLine,
  });
const skip = (count: number): string => `[carillon: ${count} bytes were skipped]\n`;

function following(from = 0) {
  const client = new Client();
  return { client, follower: new OutputFollower(client, from) };
}

describe('a follower', () => {
  it('gets each byte once, wherever the parts overlap', () => {
    const { client, follower } = following();
    follower.arrived(part('live', 3, 'def'));
    expect(client.text).toBe('');
    follower.arrived(part('soFar', 0, 'abcdef'));
    follower.arrived(part('live', 3, 'defg'));
    follower.arrived(part('live', 2, 'cd'));
    follower.arrived(part('last', 6, 'ghi', 'error\n'));
    follower.arrived(part('live', 9, 'never'));
    expect([client.text, client.hasEnded]).toEqual(['abcdefghierror\n', false]);
    follower.ended(stored('something else'));
    follower.ended(stored('something else'));
    expect([client.text, client.hasEnded]).toEqual(['abcdefghierror\n', true]);
  });

  it('begins where it wants to, also behind what there is', () => {
    const { client, follower } = following(4);
    follower.arrived(part('soFar', 0, 'ab'));
    follower.arrived(part('live', 2, 'cd'));
    follower.arrived(part('live', 4, 'ef'));
    expect(client.text).toBe('ef');
  });

  it('is told what is missing, on a line of its own', () => {
    const { client, follower } = following();
    follower.arrived(part('soFar', 5, 'ab'));
    follower.arrived(part('live', 10, 'c\n'));
    follower.arrived(part('live', 13, 'd'));
    expect(client.text).toBe(`${skip(5)}ab\n${skip(3)}c\n${skip(1)}d`);
  });

  it('that reads slowly holds a bounded part, the latest, and is told of the rest', () => {
    const { client, follower } = following();
    follower.arrived(part('soFar', 0, 'a'));
    client.isBehind = true;
    const size = 50_000;
    const count = 30;
    for (let piece = 0; piece < count; piece += 1) {
      follower.arrived(part('live', 1 + piece * size, String.fromCharCode(65 + piece).repeat(size)));
      expect(follower.waitingBytes).toBeLessThanOrEqual(limits.followerBytes);
    }
    follower.arrived(part('last', 1 + count * size, 'z'));
    client.read();
    const kept = Math.floor((limits.followerBytes - 1) / size);
    expect(client.text.startsWith(`a\n${skip((count - kept) * size)}${String.fromCharCode(65 + count - kept)}`)).toBe(
      true,
    );
    expect(client.text.length).toBe(2 + skip((count - kept) * size).length + kept * size + 1);
    expect(follower.waitingBytes).toBe(0);
  });

  it('that a whole part is too large for is told so', () => {
    const { client, follower } = following();
    client.isBehind = true;
    follower.arrived(part('soFar', 0, 'x'.repeat(limits.followerBytes + 1)));
    follower.arrived(part('live', limits.followerBytes + 1, 'y'));
    client.read();
    expect(client.text).toBe(`${skip(limits.followerBytes + 1)}y`);
  });

  it('gets what is stored when the end comes before the last part', () => {
    const { client, follower } = following();
    follower.arrived(part('soFar', 0, 'abc'));
    follower.ended(stored('error\nabcdef', 0, true));
    expect([client.text, client.hasEnded]).toEqual(['abcdef', true]);
    const nothing = following();
    nothing.follower.ended(stored('error\nabc', 0, true));
    expect([nothing.client.text, nothing.client.hasEnded]).toEqual(['error\nabc', true]);
    const late = following(2);
    late.follower.ended(stored('fgh', 5));
    expect(late.client.text).toBe(`${skip(3)}fgh`);
    const beyond = following(100);
    beyond.follower.ended(stored('fgh', 5));
    expect([beyond.client.text, beyond.client.hasEnded]).toEqual(['', true]);
    const gone = following();
    gone.follower.ended(() => null);
    expect([gone.client.text, gone.client.hasEnded]).toEqual(['', true]);
  });

  it('that reads slowly is sent what is stored piece by piece', () => {
    const { client, follower } = following();
    const output = 'x'.repeat(200_000);
    client.isBehind = true;
    follower.ended(stored(output));
    expect(client.text).toBe('');
    let turns = 0;
    while (!client.hasEnded && turns < 10) {
      client.read();
      turns += 1;
    }
    expect(client.text).toBe(output);
  });

  it('waits for what is told first when who tells begins anew', () => {
    const { client, follower } = following();
    follower.arrived(part('soFar', 0, 'ab'));
    follower.outOfStep();
    follower.arrived(part('live', 5, 'f'));
    follower.arrived(part('soFar', 0, 'abcdef'));
    expect(client.text).toBe('abcdef');
  });
});
