import { JobScript } from '../support/job-script.ts';
import { describeScripts } from '../support/script-files.ts';

describeScripts(
  'interaction with the state of jobs, as text',
  new URL('./jobs/', import.meta.url),
  () => new JobScript(),
);
