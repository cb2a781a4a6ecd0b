/** The bare server, with all that a node loads beside its own code: what a start can't do without. */
import '@msgpack/msgpack';
import 'cron-parser';
import 'lmdb';
import 'pino';
import 'piscina';
import 're2js';
import 'undici';
import './constant-server-process.ts';
