import { RaftScript } from '../support/raft-script.ts';
import { describeScripts } from '../support/script-files.ts';

describeScripts('interaction with Raft, as text', new URL('./raft/', import.meta.url), () => new RaftScript());
