/** What proves a plugin: its samples, and the checks that every plugin passes. It has no test runner inside. */
export { type Check, CheckFailure } from "./check.ts";
export { type CheckOptions, checks } from "./checks.ts";
export { type Mutant, mutants } from "./mutate.ts";
export {
  alertsFile,
  listed,
  type Made,
  mapSample,
  optionsFor,
  plain,
  readSamples,
  resultFault,
  type Sample,
  type SampleOptions,
  sampleTime,
} from "./samples.ts";
export { delivered, written } from "./signing.ts";
