import { BlockList } from 'node:net';
import type { InterfaceAddress } from './host.ts';

export type Expanded = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/** Forwardable addresses that are not globally routed (RFC 6890, and RFC 4193 for IPv6). */
const privateRanges = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
] as const) {
  privateRanges.addSubnet(network, prefix, 'ipv4');
}
privateRanges.addSubnet('fc00::', 7, 'ipv6');

/** Addresses of one link only, and those that mean no host: neither private nor public here. */
const unroutable = new BlockList();
unroutable.addSubnet('0.0.0.0', 8, 'ipv4');
unroutable.addSubnet('127.0.0.0', 8, 'ipv4');
unroutable.addSubnet('169.254.0.0', 16, 'ipv4');
unroutable.addSubnet('224.0.0.0', 3, 'ipv4');
unroutable.addAddress('::1', 'ipv6');
unroutable.addSubnet('fe80::', 10, 'ipv6');

/**
 * Replaces the address templates that Dkron takes from its library, as far as people use them: `{{ GetPrivateIP }}`,
 * `{{ GetPublicIP }}` and `{{ GetInterfaceIP "eth0" }}`. IPv4 goes before IPv6, which comes out in brackets.
 */
export function expandTemplate(text: string, addresses: readonly InterfaceAddress[]): Expanded {
  const problems: string[] = [];
  const expanded = text.replace(/\{\{(.*?)\}\}/g, (template: string, expression: string) => {
    const found = evaluate(expression.trim(), addresses);
    if (found === undefined) {
      problems.push(
        `${template} is not supported; use {{ GetPrivateIP }}, {{ GetPublicIP }}, {{ GetInterfaceIP "name" }} or an address`,
      );
    } else if (found === null) {
      problems.push(`${template} finds no such address on this machine; write the address itself`);
    }
    return found ?? '';
  });
  if (problems.length === 0 && /\{\{|\}\}/.test(expanded)) problems.push('it holds a {{ or }} without its counterpart');
  const [problem] = problems;
  return problem === undefined ? { ok: true, text: expanded.trim() } : { ok: false, problem };
}

/** Null: there is no such address; undefined: there is no such function. */
function evaluate(expression: string, addresses: readonly InterfaceAddress[]): string | null | undefined {
  if (expression === 'GetPrivateIP') return pick(addresses, isPrivate);
  if (expression === 'GetPublicIP') return pick(addresses, isPublic);
  const interfaceName = /^GetInterfaceIP\s+(?:"([^"]+)"|`([^`]+)`)$/.exec(expression);
  if (interfaceName === null) return undefined;
  const wanted = interfaceName[1] ?? interfaceName[2];
  return pick(addresses, (address) => address.interfaceName === wanted);
}

function pick(addresses: readonly InterfaceAddress[], matches: (address: InterfaceAddress) => boolean): string | null {
  const found = addresses.filter(matches);
  const first = found.find(({ family }) => family === 4) ?? found[0];
  if (first === undefined) return null;
  return first.family === 6 ? `[${first.address}]` : first.address;
}

const familyName = (address: InterfaceAddress): 'ipv4' | 'ipv6' => (address.family === 4 ? 'ipv4' : 'ipv6');

const isPrivate = (address: InterfaceAddress): boolean => privateRanges.check(address.address, familyName(address));

const isPublic = (address: InterfaceAddress): boolean =>
  !isPrivate(address) && !unroutable.check(address.address, familyName(address));
