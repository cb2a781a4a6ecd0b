/** One message on its way. Plain data: it crosses threads by structured clone and nodes by the wire codec. */
export interface Envelope {
  /** Actor on the receiving node. */
  readonly to: string;
  readonly from: string;
  /** Node of the sender; null: this node. */
  readonly fromNode: string | null;
  /** Set when an answer is expected. Unique per asking actor over all of its lives on a node's process. */
  readonly askId?: number;
  /** Set on an answer: the asker's id of the ask. */
  readonly replyTo?: number;
  /** Set on an answer that says that there is none. */
  readonly failed?: 'rejected' | 'dead';
  readonly body: unknown;
}

/** What the runtime of one thread tells the runtime of another one. */
export type Notice =
  /** An actor (re)started here accepts this many messages from you. */
  | { readonly type: 'open'; readonly actor: string; readonly credits: number }
  /** It consumed this many. */
  | { readonly type: 'grant'; readonly actor: string; readonly credits: number }
  | { readonly type: 'ready'; readonly actor: string }
  | { readonly type: 'down'; readonly actor: string };

/** What one flush posts. Notices are acted on before the envelopes. */
export interface Batch {
  readonly notices: readonly Notice[];
  readonly envelopes: readonly Envelope[];
}
