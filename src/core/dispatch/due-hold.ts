import { limits } from '../limits.ts';

/**
 * Whether what is due has to wait because nodes are behind with the starts that they were sent: more would pile up on them,
 * and everything would be late. Half of the bound keeps them busy.
 */
export class DueHold {
  #isHeld = false;

  get isHeld(): boolean {
    return this.#isHeld;
  }

  look(startsUnderWay: number): void {
    this.#isHeld = startsUnderWay >= (this.#isHeld ? limits.startsUnderWay / 2 : limits.startsUnderWay);
  }
}
