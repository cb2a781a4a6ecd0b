/** Version of this build; the same as in package.json (checked by a test). */
export const version = '0.1.0';
/** Name of the release line, as `carillon version` shows it. */
export const codename = 'Bourdon';
/** Gossip protocol that is spoken, and the oldest understood: Dkron's numbers, shown by `carillon version`. */
export const agentProtocol = { speaks: 5, understandsBackTo: 2 } as const;
