import { assert, assertNever } from '../core/assert.ts';
import { Fifo } from './fifo.ts';

/** Policy of a mailbox's user lane; the mailbox is told an item's key, it doesn't look into items. */
export type OverflowPolicy = 'reject' | 'dropOldest' | 'coalesce' | 'credit';

export interface PutOptions {
  /** Coalesce only: of two waiting items with one key the older is displaced. */
  readonly key: string | null;
  /**
   * Room was promised to the sender beforehand (a credit, or the answer to an ask): never refused or displaced, and
   * not counted against the capacity.
   */
  readonly reserved: boolean;
}

export type PutOutcome<User> =
  | { readonly type: 'accepted' }
  /** The new item was refused. */
  | { readonly type: 'rejected' }
  /** The new item waits; `displaced` doesn't any more. */
  | { readonly type: 'displaced'; readonly displaced: User };

interface Slot<User> {
  readonly item: User;
  readonly key: string | null;
  readonly reserved: boolean;
  waiting: boolean;
}

const ACCEPTED = { type: 'accepted' } as const;
const REJECTED = { type: 'rejected' } as const;

/**
 * What waits for one actor: a system lane that is served first and never refuses, and a user lane that holds at most
 * `capacity` items (reserved ones beside them) and declares what happens to one more. First in, first out per lane;
 * a coalesced item waits where the newest of its key was put.
 */
export class Mailbox<System, User> {
  readonly #capacity: number;
  readonly #policy: OverflowPolicy;
  readonly #system = new Fifo<System>();
  readonly #user = new Fifo<Slot<User>>();
  readonly #byKey = new Map<string, Slot<User>>();
  #waiting = 0;
  #counted = 0;

  constructor(capacity: number, policy: OverflowPolicy) {
    assert(Number.isInteger(capacity) && capacity >= 1, `a mailbox holds at least one message, not ${capacity}`);
    this.#capacity = capacity;
    this.#policy = policy;
  }

  /** Items waiting in both lanes. */
  get size(): number {
    return this.#system.size + this.#waiting;
  }

  /** Items waiting in the user lane, reserved ones included. */
  get userSize(): number {
    return this.#waiting;
  }

  putSystem(item: System): void {
    this.#system.push(item);
  }

  put(item: User, options: PutOptions): PutOutcome<User> {
    const { key, reserved } = options;
    if (this.#policy === 'coalesce' && key !== null && !reserved) {
      const older = this.#byKey.get(key);
      if (older !== undefined) {
        this.#drop(older);
        this.#append(item, key, reserved);
        return { type: 'displaced', displaced: older.item };
      }
    }
    if (reserved || this.#counted < this.#capacity) {
      this.#append(item, key, reserved);
      return ACCEPTED;
    }
    return this.#overflow(item, key);
  }

  takeSystem(): System | undefined {
    return this.#system.shift();
  }

  takeUser(): User | undefined {
    for (;;) {
      const slot = this.#user.shift();
      if (slot === undefined) return undefined;
      if (!slot.waiting) continue;
      this.#drop(slot);
      return slot.item;
    }
  }

  check(): void {
    const waiting = [...this.#user].filter((slot) => slot.waiting);
    assert(waiting.length === this.#waiting, 'the user lane counts what waits in it');
    assert(
      waiting.filter((slot) => !slot.reserved).length === this.#counted,
      'the capacity counts what is not reserved',
    );
    assert(this.#counted <= this.#capacity, 'a mailbox never holds more than its capacity');
    for (const [key, slot] of this.#byKey) assert(slot.waiting && slot.key === key, 'a key leads to a waiting item');
  }

  #overflow(item: User, key: string | null): PutOutcome<User> {
    switch (this.#policy) {
      case 'reject':
      case 'coalesce':
      case 'credit':
        return REJECTED;
      case 'dropOldest': {
        const oldest = this.#oldestDroppable();
        this.#drop(oldest);
        this.#append(item, key, false);
        return { type: 'displaced', displaced: oldest.item };
      }
      default:
        return assertNever(this.#policy);
    }
  }

  #oldestDroppable(): Slot<User> {
    for (const slot of this.#user) if (slot.waiting && !slot.reserved) return slot;
    assert(false, 'a full mailbox holds an item that may be dropped');
  }

  #append(item: User, key: string | null, reserved: boolean): void {
    const slot: Slot<User> = { item, key, reserved, waiting: true };
    this.#user.push(slot);
    this.#waiting += 1;
    if (reserved) return;
    this.#counted += 1;
    if (this.#policy === 'coalesce' && key !== null) this.#byKey.set(key, slot);
  }

  #drop(slot: Slot<User>): void {
    slot.waiting = false;
    this.#waiting -= 1;
    if (!slot.reserved) this.#counted -= 1;
    if (slot.key !== null && this.#byKey.get(slot.key) === slot) this.#byKey.delete(slot.key);
    this.#forgetDropped();
  }

  /** Dropped slots leave with the next take; without takes they must not pile up. */
  #forgetDropped(): void {
    if (this.#user.size < 64 || this.#user.size < 2 * (this.#waiting + this.#capacity)) return;
    const waiting = [...this.#user].filter((slot) => slot.waiting);
    this.#user.clear();
    for (const slot of waiting) this.#user.push(slot);
  }
}
