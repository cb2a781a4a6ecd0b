export { definition } from './actor.ts';

/** The membership of a single node has nothing outside of its actor. */
export const openPorts = (): null => null;
