import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mailbox, type OverflowPolicy } from '../../src/runtime/mailbox.ts';

interface Item {
  readonly id: number;
  readonly key: string | null;
  readonly reserved: boolean;
}

/** The same mailbox written as plainly as possible. */
class Model {
  items: Item[] = [];
  readonly #capacity: number;
  readonly #policy: OverflowPolicy;

  constructor(capacity: number, policy: OverflowPolicy) {
    this.#capacity = capacity;
    this.#policy = policy;
  }

  put(item: Item): { type: string; displaced?: Item | undefined } {
    const same = this.items.findIndex(({ key, reserved }) => !reserved && key !== null && key === item.key);
    if (this.#policy === 'coalesce' && !item.reserved && same >= 0) return this.#replace(same, item);
    if (item.reserved || this.items.filter(({ reserved }) => !reserved).length < this.#capacity) {
      this.items.push(item);
      return { type: 'accepted' };
    }
    if (this.#policy !== 'dropOldest') return { type: 'rejected' };
    return this.#replace(
      this.items.findIndex(({ reserved }) => !reserved),
      item,
    );
  }

  #replace(index: number, item: Item) {
    const [displaced] = this.items.splice(index, 1);
    this.items.push(item);
    return { type: 'displaced', displaced };
  }
}

const policies = fc.constantFrom<OverflowPolicy>('reject', 'dropOldest', 'coalesce', 'credit');
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ key: fc.constantFrom(null, 'a', 'b', 'c'), reserved: fc.boolean() }) },
    { weight: 2, arbitrary: fc.constant('take' as const) },
    { weight: 1, arbitrary: fc.constant('system' as const) },
  ),
  { maxLength: 200 },
);

describe('a mailbox', () => {
  it('does what the plain model does', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 5 }), steps, (policy, capacity, script) => {
        const mailbox = new Mailbox<number, Item>(capacity, policy);
        const model = new Model(capacity, policy);
        const system: number[] = [];
        for (const [id, step] of script.entries()) {
          if (step === 'take') {
            expect(mailbox.takeSystem()).toBe(system.shift());
            expect(mailbox.takeUser()).toEqual(model.items.shift());
          } else if (step === 'system') {
            mailbox.putSystem(id);
            system.push(id);
          } else {
            const item = { id, ...step };
            expect(mailbox.put(item, step)).toEqual(model.put(item));
          }
          expect(mailbox.size).toBe(model.items.length + system.length);
          mailbox.check();
        }
      }),
    );
  });

  it('holds memory for what waits, not for what was displaced', () => {
    const mailbox = new Mailbox<never, number>(4, 'coalesce');
    for (let value = 0; value < 100_000; value += 1) mailbox.put(value, { key: 'same', reserved: false });
    expect(mailbox.takeUser()).toBe(99_999);
    expect(mailbox.takeUser()).toBe(undefined);
  });
});
