import { type Route, routes } from './routes.ts';

export type Match =
  | { readonly type: 'route'; readonly route: Route; readonly parameters: readonly string[] }
  /** The same route exists with, or without, a slash at the end. */
  | { readonly type: 'redirect'; readonly path: string }
  | { readonly type: 'none' };

interface Pattern {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Finds routes as gin does: exact segments before parameters, redirects where only a last slash is wrong. */
export class Router {
  /** By method and number of segments, those with the fewest parameters first. */
  readonly #bySize = new Map<string, Pattern[]>();
  readonly #wildcards: readonly { readonly route: Route; readonly prefix: string }[];

  constructor(hasInterface: boolean) {
    const known = routes.filter((route) => hasInterface || !route.isInterface);
    this.#wildcards = known
      .filter(({ pattern }) => pattern.endsWith('*'))
      .map((route) => ({ route, prefix: route.pattern.slice(0, -1) }));
    for (const route of known) {
      const segments = route.pattern.split('/');
      const key = sizeKey(route.method, segments);
      this.#bySize.set(key, [...(this.#bySize.get(key) ?? []), { route, segments }]);
    }
    for (const group of this.#bySize.values()) group.sort((a, b) => countParameters(a) - countParameters(b));
  }

  /** `path` is decoded. */
  match(method: string, path: string): Match {
    const found = this.#find(method, path);
    if (found !== null) return found;
    if (path === '/') return { type: 'none' };
    const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    return this.#find(method, other) === null ? { type: 'none' } : { type: 'redirect', path: other };
  }

  #find(method: string, path: string): Extract<Match, { type: 'route' }> | null {
    for (const { route, prefix } of this.#wildcards) {
      if (route.method === method && path.startsWith(prefix)) {
        return { type: 'route', route, parameters: [path.slice(prefix.length)] };
      }
    }
    const segments = path.split('/');
    for (const pattern of this.#bySize.get(sizeKey(method, segments)) ?? []) {
      const parameters = matchSegments(pattern.segments, segments);
      if (parameters !== null) return { type: 'route', route: pattern.route, parameters };
    }
    return null;
  }
}

const sizeKey = (method: string, segments: readonly string[]): string => `${method} ${segments.length}`;

const countParameters = ({ segments }: Pattern): number => segments.filter((segment) => segment.startsWith(':')).length;

/** As many of both. A parameter may be empty, except at the end. */
function matchSegments(pattern: readonly string[], segments: readonly string[]): string[] | null {
  const parameters: string[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const wanted = pattern[index] ?? '';
    const segment = segments[index] ?? '';
    if (!wanted.startsWith(':')) {
      if (segment !== wanted) return null;
    } else {
      if (segment === '' && index === segments.length - 1) return null;
      parameters.push(segment);
    }
  }
  return parameters;
}
