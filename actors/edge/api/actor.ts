import { Api } from '../../../src/api/api.ts';
import { JobListing } from '../../../src/api/catalogue/listing.ts';
import { EventHub } from '../../../src/api/events/event-hub.ts';
import { ExecutionWaits } from '../../../src/api/execution-waits.ts';
import type {
  AnswerHead,
  AnswerStream,
  HttpHandler,
  HttpServer,
  HttpServerFactory,
  ListenOutcome,
  WebSocketListener,
} from '../../../src/api/http.ts';
import type { JobRules } from '../../../src/api/job-rules.ts';
import { JobTexts } from '../../../src/api/job-texts.ts';
import { LaunchWaits } from '../../../src/api/launch-waits.ts';
import type { MetricsSource, Services } from '../../../src/api/services.ts';
import { TurnBudget } from '../../../src/api/turn-budget.ts';
import { AssertionFailed, assertNever } from '../../../src/core/assert.ts';
import type { StateReads } from '../../../src/core/jobs/reads.ts';
import { type LogIndex, logIndex, monoMs, type NodeName } from '../../../src/core/units.ts';
import { type Actor, type ActorDefinition, type Context, localRef, type Random } from '../../../src/runtime/types.ts';
import type { LogCommand } from '../../cluster/log/protocol.ts';
import type { MembershipCommand } from '../../cluster/membership/protocol.ts';
import type { StateCommand, StateLookedOn } from '../../cluster/state/protocol.ts';
import { exitCodes } from '../../exit-codes.ts';
import { Proposer } from '../../proposer.ts';
import { KnownCluster } from './cluster.ts';
import { ActorOutputs } from './outputs.ts';
import type { ApiCommand } from './protocol.ts';
import { StateNews } from './state-news.ts';
import { Timers } from './timers.ts';
import { ActorWrites } from './writes.ts';

export interface ApiConfig {
  readonly nodeName: NodeName;
  /** An empty host: every address of the machine. Port 0: any free one. */
  readonly httpAddress: { readonly host: string; readonly port: number };
  readonly ui: boolean;
  readonly version: string;
  readonly region: string;
  readonly encrypted: boolean;
}

export interface ApiPorts {
  /** Opens the state for reading; its writer is open by then. */
  readonly state: () => StateReads;
  readonly server: HttpServerFactory;
  readonly rules: JobRules;
  readonly metrics: MetricsSource;
}

/** A stopping node gives open requests this long. */
const DRAIN_MS = 2_000;
const DRAIN_TIMER = 'drain';
const LISTING_TIMER = 'listing';
/** Between two portions of the catalogue of jobs requests are answered. */
const LISTING_PAUSE_MS = 1;
const EVENTS_TIMER = 'events';
const GAUGES_TIMER = 'gauges';
const GAUGES_MS = 1_000;

/** The shell of the API: requests and events in, proposals and answers out. */
class ApiActor implements Actor<ApiCommand> {
  readonly #context: Context<ApiCommand>;
  readonly #config: ApiConfig;
  readonly #state: StateReads;
  readonly #proposer: Proposer;
  readonly #listing: JobListing;
  readonly #jobTexts = new JobTexts();
  readonly #waits = new LaunchWaits();
  readonly #timers: Timers;
  readonly #writes: ActorWrites<ApiCommand>;
  readonly #turnBudget = new TurnBudget();
  readonly #executionWaits = new ExecutionWaits();
  readonly #cluster = new KnownCluster();
  readonly #outputs: ActorOutputs;
  readonly #news: StateNews;
  readonly #events: EventHub;
  readonly #api: Api;
  readonly #server: HttpServer;
  #appliedIndex: LogIndex = logIndex(0);
  #whenStopped: (() => void) | null = null;

  constructor(context: Context<ApiCommand>, config: ApiConfig, ports: ApiPorts) {
    this.#context = context;
    this.#config = config;
    this.#state = ports.state();
    this.#listing = new JobListing(this.#state, () => {
      context.arm(LISTING_TIMER, monoMs(context.monoNow() + LISTING_PAUSE_MS));
    });
    this.#timers = new Timers(context);
    this.#proposer = new Proposer(context, config.nodeName);
    this.#writes = new ActorWrites(context, this.#proposer, this.#state, {
      launches: this.#waits,
      executions: this.#executionWaits,
    });
    this.#outputs = new ActorOutputs(context, this.#state);
    this.#news = new StateNews(this.#state, {
      listing: this.#listing,
      jobTexts: this.#jobTexts,
      launches: this.#waits,
      executions: this.#executionWaits,
      follows: this.#outputs.follows,
    });
    this.#events = new EventHub({
      nowMs: () => context.wallNow(),
      output: {
        wanted: (isWanted) => this.#outputs.allWanted(isWanted),
        after: (delayMs, turn) => this.#timers.after(delayMs, turn),
      },
    });
    this.#api = new Api(this.#services(ports));
    this.#server = ports.server(this.#handler());
    this.#eachSecond();
    const { host, port } = config.httpAddress;
    this.#server.listen(host, port, (outcome) => context.enter(() => this.#listening(outcome)));
  }

  receive(message: ApiCommand): void {
    switch (message.type) {
      case 'leadership':
        this.#cluster.heard(message);
        this.#events.leadership(message.leader, message.isLeader);
        return;
      case 'members':
        this.#cluster.heard(message);
        this.#events.members(message.members);
        return;
      case 'following':
      case 'stateTold':
        this.#stateMoved(message);
        return;
      case 'proposalApplied':
      case 'proposalRefused':
        this.#proposer.receive(message);
        return;
      case 'outputArrived':
        this.#outputs.arrived(message, this.#events);
        return;
      default:
        assertNever(message);
    }
  }

  peerStarted(actor: string): void {
    const { self } = this.#context;
    this.#proposer.peerStarted(actor);
    if (actor === 'log') {
      this.#context.send(localRef<LogCommand>('log'), { type: 'watchLeadership', watcher: self });
    } else if (actor === 'membership') {
      this.#context.send(localRef<MembershipCommand>('membership'), { type: 'watchMembers', watcher: self });
    } else if (actor === 'state') {
      this.#context.send(localRef<StateCommand>('state'), { type: 'watchState', watcher: self, of: 'texts' });
    } else if (actor === 'dispatcher') {
      this.#outputs.dispatcherStarted(this.#events);
    }
  }

  timer(key: string): void {
    if (key === LISTING_TIMER) this.#listing.build();
    else if (key === GAUGES_TIMER) this.#eachSecond();
    else if (key === DRAIN_TIMER) this.#stopped();
    // What is left of the events is sent behind this turn.
    else if (key !== EVENTS_TIMER && !this.#proposer.timer(key)) this.#timers.timer(key);
  }

  #eachSecond(): void {
    this.#writes.sweep();
    this.#context.gauge('event_clients', this.#events.connectionCount);
    const { output, others } = this.#events.keptBytes;
    this.#context.gauge('event_bytes_kept', others);
    this.#context.gauge('event_output_bytes_kept', output);
    this.#context.gauge('event_bytes_buffered', this.#events.bufferedBytes);
    this.#context.gauge('api_writes_waiting', this.#writes.waiting);
    this.#context.arm(GAUGES_TIMER, monoMs(this.#context.monoNow() + GAUGES_MS));
  }

  /** Who listens to events gets a bounded part of them in each batch; what remains does not keep requests waiting. */
  endOfBatch(): void {
    this.#turnBudget.turnEnded();
    if (this.#events.pump()) this.#context.arm(EVENTS_TIMER, this.#context.monoNow());
  }

  check(): void {
    this.#writes.check();
  }

  stop(done: () => void): void {
    this.#whenStopped = done;
    this.#context.arm(DRAIN_TIMER, monoMs(this.#context.monoNow() + DRAIN_MS));
    this.#events.closeAll();
    this.#server.drain(() => this.#context.enter(() => this.#stopped()));
  }

  #stopped(): void {
    const done = this.#whenStopped;
    if (done === null) return;
    this.#whenStopped = null;
    this.#context.disarm(DRAIN_TIMER);
    this.#server.close();
    done();
  }

  #stateMoved(event: StateLookedOn): void {
    const missedSome = event.type === 'following' || event.after !== this.#appliedIndex;
    this.#appliedIndex = event.appliedIndex;
    this.#cluster.stateFollowed();
    if (event.type === 'following') this.#events.following(event.appliedIndex);
    else this.#events.changed(event.after, event.appliedIndex, event.changes);
    if (event.type === 'stateTold') this.#news.changed(event);
    if (missedSome) this.#news.missedSome();
  }

  #listening(outcome: ListenOutcome): void {
    const { host, port } = this.#config.httpAddress;
    if (!outcome.ok) {
      this.#context.stopNode(exitCodes.httpAddress, `cannot serve HTTP on ${host}:${port}: ${outcome.error}`);
      return;
    }
    this.#context.log.info('serving HTTP', { host, port: outcome.port, engine: this.#server.engine });
    if (!isLoopback(host)) {
      this.#context.log.warn(
        'THE API IS OPEN TO THE NETWORK AND ASKS FOR NO PASSWORD: whoever reaches this address can run commands here',
        { host, port: outcome.port },
      );
    }
    this.#context.ready();
  }

  /** Every call of the server becomes a turn of this actor; a broken invariant ends it, after the client's 500. */
  #handler(): HttpHandler {
    const api = this.#api;
    const counted = <Head extends AnswerHead>(answer: Head): Head => {
      this.#context.count(`http_answers_total{class="${Math.floor(answer.status / 100)}xx"}`);
      return answer;
    };
    return {
      bodyLimit: (method, target) => api.bodyLimit(method, target),
      refuseBody: (reason, limitBytes) => counted(api.refuseBody(reason, limitBytes)),
      failed: (error) => counted(api.failed(error)),
      handle: ({ request, answer, stream, upgrade, onAborted }) =>
        this.#context.enter(() => {
          try {
            api.handle({
              request,
              answer: (given) => answer(counted(given)),
              stream: (head) => this.#inTurns(stream(counted(head))),
              upgrade: upgrade === null ? null : (listener) => upgrade(this.#heardInTurns(listener)),
              onAborted: (listener) => onAborted(() => this.#context.enter(listener)),
            });
          } catch (error) {
            answer(counted(api.failed(error)));
            if (error instanceof AssertionFailed) throw error;
          }
        }),
    };
  }

  #inTurns(stream: AnswerStream): AnswerStream {
    return {
      write: (chunk) => stream.write(chunk),
      get isBehind() {
        return stream.isBehind;
      },
      whenReady: (ready) => stream.whenReady(() => this.#context.enter(ready)),
      end: () => stream.end(),
      cut: () => stream.cut(),
    };
  }

  #heardInTurns(listener: WebSocketListener): WebSocketListener {
    return {
      opened: (socket) => this.#context.enter(() => listener.opened(socket)),
      drained: () => this.#context.enter(() => listener.drained()),
      closed: () => this.#context.enter(() => listener.closed()),
    };
  }

  #services(ports: ApiPorts): Services {
    const { nodeName, version, region, encrypted, ui } = this.#config;
    const context = this.#context;
    return {
      node: { name: nodeName, version, region, encrypted, ui },
      state: this.#state,
      jobPage: (query) => this.#listing.page(query),
      jobTexts: this.#jobTexts,
      writes: this.#writes,
      cluster: this.#cluster,
      rules: ports.rules,
      metrics: ports.metrics,
      events: this.#events,
      outputs: this.#outputs.follows,
      pause: { isPaused: false },
      running: { backups: 0 },
      nowMs: () => context.wallNow(),
      after: (delayMs, turn) => this.#timers.after(delayMs, turn),
      hasRoom: () => this.#turnBudget.admits(context.monoNow()),
      uuid: () => randomUuid(context.random),
      warn: (message, fields) => context.log.warn(message, fields),
    };
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.[0-9.]+$/.test(host);

/** Sixteen random bytes, written as a UUID. */
function randomUuid(random: Random): string {
  const words = Array.from({ length: 4 }, () =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  );
  return words.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const definition: ActorDefinition<ApiCommand, ApiConfig, ApiPorts> = {
  mailbox: { capacity: 65_536, overflow: { policy: 'credit' } },
  start: (context, config, ports) => new ApiActor(context, config, ports),
};
