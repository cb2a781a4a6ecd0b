import { BlockList, isIP, isIPv6 } from 'node:net';
import type { ConfigHost } from './host.ts';
import { expandTemplate } from './templates.ts';

/** An empty host means every interface. IPv6 hosts are without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export type AddressResult =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly problem: string };

/** The port of gossip where an address names none (dkron-v4 5.2). */
export const defaultGossipPort = 8946;

const loopbackRanges = new BlockList();
loopbackRanges.addSubnet('127.0.0.0', 8, 'ipv4');
loopbackRanges.addAddress('::1', 'ipv6');
const linkLocalRanges = new BlockList();
linkLocalRanges.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocalRanges.addSubnet('fe80::', 10, 'ipv6');

export function isLoopback(address: string): boolean {
  return address === 'localhost' || checks(loopbackRanges, address);
}

export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads `host:port`, `[v6]:port` or `:port`; `defaultPort` stands in for a missing one, null demands it. */
export function parseAddress(written: string, defaultPort: number | null): AddressResult {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(written);
  const bare = match === null && isIPv6(written);
  const host = bare ? written : (match?.[1] ?? match?.[2]);
  if (host === undefined || /[\s/]/.test(host)) return refuse(`${written} is no address; write host:port`);
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (port === null) return refuse(`${written} has no port; write host:port`);
  if (port > 65_535) return refuse(`port ${port} is above 65535`);
  return { ok: true, address: { host, port } };
}

export function resolveAddress(host: ConfigHost, written: string, defaultPort: number | null): AddressResult {
  const expanded = expandTemplate(written, host.addresses());
  return expanded.ok ? parseAddress(expanded.text, defaultPort) : refuse(expanded.problem);
}

/**
 * The address that other nodes are told: the given one, else the first usable one of the address bound to (dkron-v4
 * 6.2). Dkron refuses to derive it from a loopback address; this version has no other node that it could mislead.
 * A host that can't be resolved is left to the machine's own address.
 */
export async function resolveAdvertised(host: ConfigHost, written: string, bound: Address): Promise<AddressResult> {
  if (written !== '') return resolveAddress(host, written, defaultGossipPort);
  const candidates = isIP(bound.host) > 0 ? [bound.host] : bound.host === '' ? [] : await host.lookUp(bound.host);
  const usable = candidates.find(isUsable) ?? candidates.find(isLoopback) ?? ownAddress(host);
  return { ok: true, address: { host: usable, port: bound.port } };
}

/** A machine without a network still runs a node: nobody but itself will read its address. */
function ownAddress(host: ConfigHost): string {
  const template = expandTemplate('{{ GetPrivateIP }}', host.addresses());
  if (template.ok) return template.text.replace(/^\[|\]$/g, '');
  return host.addresses().find(({ address }) => isUsable(address))?.address ?? '127.0.0.1';
}

const isUsable = (address: string): boolean =>
  !isLoopback(address) && !checks(linkLocalRanges, address) && address !== '0.0.0.0' && address !== '::';

function checks(ranges: BlockList, address: string): boolean {
  const family = isIP(address);
  return family > 0 && ranges.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

const refuse = (problem: string): AddressResult => ({ ok: false, problem });
