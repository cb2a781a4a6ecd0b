import { waitUntil } from '../../support/wait-until.ts';
import { compare } from './compare.ts';
import { type Answer, casesOf, isRequest, isWait, type Recording, type RequestStep, type Step } from './recording.ts';

/** A request as it goes out: names put in, default headers added. `id` names the step it belongs to. */
export interface OutgoingRequest {
  readonly id: string | null;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Player {
  /** Base URL of the server: what `{{api}}` stands for. */
  readonly url: string;
  readonly send: (request: OutgoingRequest) => Promise<Answer>;
  /** The answer that is expected of a step: the recorded one, or a divergence. */
  readonly expected: (step: RequestStep) => Answer;
  /** Gets every compared answer, in order of the recording. */
  readonly report: (step: RequestStep, actual: Answer) => void;
}

/** Plays a recording's cases one after the other on the same server. */
export async function play(recording: Recording, player: Player): Promise<void> {
  for (const steps of casesOf(recording)) await new CasePlay(steps, player).run();
}

const runPath = /^\/v1\/jobs\/([^/?]+)(?:\/run)?$/;

class CasePlay {
  readonly #steps: readonly Step[];
  readonly #player: Player;
  readonly #names: Map<string, string>;
  readonly #unanswered: { step: RequestStep; answer: Promise<Answer> }[] = [];
  /** Whether a run of this case was seen to its end since the last wait. */
  #ranToEnd = false;

  constructor(steps: readonly Step[], player: Player) {
    this.#steps = steps;
    this.#player = player;
    this.#names = new Map([['api', player.url]]);
  }

  async run(): Promise<void> {
    for (const [index, step] of this.#steps.entries()) {
      if (isWait(step)) await this.#wait(index, step.wait);
      else if (step.nowait === true) this.#unanswered.push({ step, answer: this.#send(step) });
      else await this.#request(step);
    }
    for (const { step, answer } of this.#unanswered) this.#player.report(step, await answer);
  }

  async #request(step: RequestStep): Promise<void> {
    const answer = await this.#send(step);
    for (const [name, path] of Object.entries(step.save ?? {})) this.#names.set(name, pick(answer.response, path));
    if (step.setup !== true) this.#player.report(step, answer);
    const job = step.method === 'POST' && answer.status === 200 ? runPath.exec(step.path)?.[1] : undefined;
    if (job !== undefined) await this.#untilIdle(job);
  }

  #send(step: RequestStep): Promise<Answer> {
    const body = typeof step.body === 'string' ? this.#fill(step.body) : undefined;
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...step.headers };
    return this.#player.send({ id: step.id, method: step.method, path: this.#fill(step.path), headers, body });
  }

  #get(path: string): Promise<Answer> {
    return this.#player.send({ id: null, method: 'GET', path, headers: {}, body: undefined });
  }

  /** Puts saved values in the place of `{{name}}`. */
  #fill(text: string): string {
    return text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => this.#names.get(name) ?? whole);
  }

  /** Dkron answers a run after its end, Carillon at the commit: wait until nothing of the job runs. */
  async #untilIdle(job: string): Promise<void> {
    await waitUntil(
      async () => {
        const busy = JSON.parse((await this.#get('/v1/busy')).response) as { job_name: string }[];
        if (busy.some((execution) => execution.job_name === job)) return false;
        const list = await this.#get(`/v1/jobs/${job}/executions?output_size_limit=0`);
        // An ephemeral job is gone after its success, and its executions with it.
        if (list.status === 404) return true;
        const executions = JSON.parse(list.response) as { finished_at: string }[];
        return executions.every((execution) => execution.finished_at !== '0001-01-01T00:00:00Z');
      },
      { what: `job ${job} is idle` },
    );
    this.#ranToEnd = true;
  }

  /**
   * The time is for what goes on in the background (retries, children, a run on create), so the wait may end when the
   * answers that follow are the expected ones: after a run that was seen to its end, or when they changed into them.
   * Where nothing is to happen, the whole time has to pass. At its end the comparison says what is wrong.
   */
  async #wait(index: number, waitMs: number): Promise<void> {
    const following = this.#followingReads(index);
    const settled = async (): Promise<boolean> => {
      for (const step of following) {
        if (compare(this.#player.expected(step), await this.#send(step)).length > 0) return false;
      }
      return following.length > 0;
    };
    const startedAtMs = performance.now();
    let mayEnd = this.#ranToEnd;
    this.#ranToEnd = false;
    await waitUntil(
      async () => {
        if (performance.now() - startedAtMs >= waitMs) return true;
        const isSettled = await settled();
        if (isSettled && mayEnd) return true;
        if (!isSettled) mayEnd = true;
        return false;
      },
      { what: 'the end of a wait', deadlineMs: waitMs + 60_000 },
    );
  }

  /** The compared reads after a wait, up to whatever changes something. */
  #followingReads(index: number): RequestStep[] {
    const reads: RequestStep[] = [];
    for (const step of this.#steps.slice(index + 1)) {
      if (!isRequest(step) || step.method !== 'GET' || this.#usesNames(step)) break;
      if (step.setup !== true) reads.push(step);
    }
    return reads;
  }

  /** Whether the step needs a name that is not known yet. */
  #usesNames(step: RequestStep): boolean {
    return /\{\{/.test(this.#fill(step.path));
  }
}

/** A value in a JSON text by a dotted path: `0.id`. */
function pick(json: string, path: string): string {
  let value: unknown = JSON.parse(json);
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) throw new Error(`nothing at ${path} of ${json.slice(0, 200)}`);
    value = (value as Record<string, unknown>)[key];
  }
  if (typeof value !== 'string') throw new Error(`no string at ${path} of ${json.slice(0, 200)}`);
  return value;
}
