import { limits } from '../limits.ts';
import type { Effect } from './in-flight.ts';

/**
 * Whether what is due has to wait because nodes are behind with the starts that they were sent: more would pile up on them,
 * and everything would be late. Half of the bound keeps them busy.
 */
export class DueHold {
  #isHeld = false;

  get isHeld(): boolean {
    return this.#isHeld;
  }

  look(startsUnderWay: number, out: Effect[]): void {
    const isHeld = startsUnderWay >= (this.#isHeld ? limits.startsUnderWay / 2 : limits.startsUnderWay);
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    out.push({ type: 'holdDue', isHeld });
  }
}
