import { limits } from '../limits.ts';

/**
 * What waits for the starts that are under way. What is due, when nodes are behind with what they were sent: more would pile up
 * on them, and everything would be late; half of the bound keeps them busy. And before that, for a little, the records of ends.
 */
export class DueHold {
  #isHeld = false;
  #endsWaitMs = 0;

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** How much longer than usual ends wait for their record: it would take processor time from starts that are due. */
  get endsWaitMs(): number {
    return this.#endsWaitMs;
  }

  look(startsUnderWay: number): void {
    this.#endsWaitMs = startsUnderWay < limits.startsBeforeEnds ? 0 : limits.endsWaitMs;
    this.#isHeld = startsUnderWay >= (this.#isHeld ? limits.startsUnderWay / 2 : limits.startsUnderWay);
  }
}
