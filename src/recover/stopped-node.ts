import { appendFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { takeDataDirectory } from '../adapters/data-directory.ts';
import { lmdbStores } from '../adapters/lmdb-store.ts';
import type { Store, StoreName, StorePort } from '../runtime/ports.ts';

/** What was done to a data directory, with the bytes that were taken out: nothing is lost that somebody may look for. */
const JOURNAL = 'recover.log';

/** The data directory of a node that doesn't run, held so that none starts on it meanwhile. */
export class StoppedNode {
  readonly log: Store;
  readonly #directory: string;
  readonly #release: () => void;
  readonly #stores: StorePort;
  readonly #open = new Map<StoreName, Store>();

  /** Throws `DataDirectoryError` when a node runs on it. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#release = takeDataDirectory(directory);
    this.#stores = lmdbStores(directory);
    try {
      this.log = this.#store('log');
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  static isOneIn(directory: string): boolean {
    return existsSync(join(directory, 'log', 'data.mdb'));
  }

  /** Null: there is none; the node makes it from the log when it starts. */
  get state(): Store | null {
    return existsSync(join(this.#directory, 'state', 'data.mdb')) ? this.#store('state') : null;
  }

  /** Puts the state aside, so that the next start makes it anew; returns where to. */
  setStateAside(now: Date): string {
    this.#open.get('state')?.close();
    this.#open.delete('state');
    const aside = join(this.#directory, `state.before-${now.toISOString().replace(/[-:]|\..*/g, '')}`);
    renameSync(join(this.#directory, 'state'), aside);
    return aside;
  }

  note(now: Date, text: string): void {
    appendFileSync(join(this.#directory, JOURNAL), `${now.toISOString()} ${text}\n`, { mode: 0o640, flush: true });
  }

  close(): void {
    for (const store of this.#open.values()) store.close();
    this.#release();
  }

  #store(name: StoreName): Store {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const store = this.#stores.open(name, 'write');
    this.#open.set(name, store);
    return store;
  }
}
