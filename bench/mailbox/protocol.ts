import type { Replies } from '../../src/runtime/types.ts';

/** What the actor that sends is asked to do. */
export type SenderCommand =
  /** Sends so many items to the receiver; answered when all have arrived. */
  | ({ readonly type: 'flood'; readonly count: number } & Replies<null>)
  /** Asks the receiver so many times, one after the other; answered with how long each took, in milliseconds. */
  | ({ readonly type: 'roundTrips'; readonly count: number } & Replies<readonly number[]>)
  | { readonly type: 'received'; readonly count: number };

export type ReceiverCommand =
  /** Numbered from 0 within a flood. */
  | { readonly type: 'item'; readonly number: number }
  | ({ readonly type: 'echo'; readonly number: number } & Replies<number>);
