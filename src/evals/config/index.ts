export { CONFIG_FILES, type LoadedConfig, loadConfig } from './load-config.ts';
export { parseConfig } from './parse-config.ts';
export { type Config, defineConfig, type Suite, type SuiteConfig } from './schema.ts';
export { selectSuite } from './select-suite.ts';
export { suiteEvaluators } from './suite-evaluators.ts';
