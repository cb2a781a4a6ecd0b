import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { HttpAnswer, HttpRequest } from '../../support/http-client.ts';
import { type NodeOptions, NodeProcess } from '../../support/node-process.ts';

/** One node for all tests of a suite, each of which has jobs of its own. A test that fails prints its log. */
export class SharedNode {
  #process: NodeProcess | null = null;

  /** To be made right inside of `describe`. */
  constructor(options: NodeOptions = {}) {
    beforeAll(async () => {
      this.#process = await NodeProcess.start(options);
    });
    beforeEach(({ onTestFailed }) =>
      onTestFailed(() => console.error(`--- log of the node\n${this.process.log}--- end of log`)),
    );
    afterAll(async () => this.#process?.dispose());
  }

  get process(): NodeProcess {
    if (this.#process === null) throw new Error('the shared node has not started');
    return this.#process;
  }

  get dataDir(): string {
    return this.process.dataDir;
  }

  request(request: HttpRequest): Promise<HttpAnswer> {
    return this.process.request(request);
  }

  async killAndBoot(): Promise<void> {
    await this.process.kill();
    await this.process.boot();
  }
}
