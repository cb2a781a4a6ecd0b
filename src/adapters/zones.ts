import { type ZoneLookup, type ZoneSource, ZoneTable } from '../core/schedule/zone-table.ts';
import { zoneNames } from './zone-names.ts';

/**
 * Time zones from the data that Node carries (ICU), under the names that Dkron accepts on Linux. Tables are made at
 * the first use of a zone, shared by all who ask, and number at most as many as there are names.
 */
export class IntlZones implements ZoneSource {
  readonly #tables = new Map<string, ZoneTable>();
  readonly #localName: string;

  /** `localName`: the zone that '' and `Local` stand for; the server's own (environment variable TZ) unless given. */
  constructor(localName: string = serverZoneName()) {
    this.#localName = zoneNames.has(localName) ? localName : 'UTC';
  }

  find(name: string): ZoneLookup {
    if (name === '' || name === 'Local') return this.#known(this.#localName);
    // Go refuses what could leave its directory of zones before it looks for the zone.
    if (name.includes('..') || name.startsWith('/') || name.startsWith('\\')) {
      return { ok: false, error: 'time: invalid location name' };
    }
    if (!zoneNames.has(name)) return unknown(name);
    return this.#known(name);
  }

  #known(name: string): ZoneLookup {
    let zone = this.#tables.get(name);
    if (zone === undefined) {
      const made = makeTable(name);
      if (made === null) return unknown(name);
      this.#tables.set(name, made);
      zone = made;
    }
    return { ok: true, zone };
  }
}

const unknown = (name: string): ZoneLookup => ({ ok: false, error: `unknown time zone ${name}` });

function serverZoneName(): string {
  return new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone;
}

/** Null: this build of Node has no data for the zone. */
function makeTable(name: string): ZoneTable | null {
  if (name === 'UTC') return ZoneTable.fixed(name, 0);
  const format = offsetFormat(name);
  return format === null ? null : new ZoneTable(name, (utcSeconds) => readOffset(format.format(utcSeconds * 1000)));
}

function offsetFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', year: 'numeric' });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Seconds from `2024, GMT+05:45`, `2024, GMT` or `1970, GMT-00:44:30`. */
function readOffset(text: string): number {
  const found = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (found === null) throw new Error(`an offset from Intl that can't be read: ${text}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = found;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -size : size;
}
