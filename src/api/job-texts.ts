import { limits } from '../core/limits.ts';
import type { JobName } from '../core/units.ts';

/**
 * JSON of jobs as it was last asked for, so that a job that nobody changes is neither read nor written out again. Bounded
 * by `limits.jobTextCharacters`: who has been in it for longest goes first.
 *
 * What it holds is as new as what `state` has said. `state` says so before it answers a write, so who reads what he wrote
 * through the same server sees it.
 */
export class JobTexts {
  readonly #texts = new Map<JobName, string>();
  #characters = 0;

  get size(): number {
    return this.#texts.size;
  }

  get(name: JobName): string | undefined {
    return this.#texts.get(name);
  }

  keep(name: JobName, text: string): void {
    this.#drop(name);
    this.#texts.set(name, text);
    this.#characters += text.length;
    for (const oldest of this.#texts.keys()) {
      if (this.#characters <= limits.jobTextCharacters) return;
      this.#drop(oldest);
    }
  }

  changed(names: readonly JobName[]): void {
    for (const name of names) this.#drop(name);
  }

  /** Changes were missed: nothing is known to be current. */
  missedSome(): void {
    this.#texts.clear();
    this.#characters = 0;
  }

  #drop(name: JobName): void {
    this.#characters -= this.#texts.get(name)?.length ?? 0;
    this.#texts.delete(name);
  }
}
