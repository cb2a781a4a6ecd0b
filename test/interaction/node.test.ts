import { NodeScript } from '../support/node-script.ts';
import { describeScripts } from '../support/script-files.ts';

describeScripts('a node on the simulation host, as text', new URL('./node/', import.meta.url), () => new NodeScript());
