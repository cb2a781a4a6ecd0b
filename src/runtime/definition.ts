import type { ActorDefinition } from './types.ts';

/** A definition as hosts see it: they pass on messages, configuration and ports without knowing their types. */
export type HostedDefinition = ActorDefinition<unknown, unknown, unknown>;

/**
 * Forgets the types of a definition. The one place where they are lost: a message reaches an actor from another thread
 * or node, so that only the sender's `Ref` can vouch for its type.
 */
export function hosted<Message, Config, Ports>(definition: ActorDefinition<Message, Config, Ports>): HostedDefinition {
  return definition as unknown as HostedDefinition;
}
