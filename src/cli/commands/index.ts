import type { Command } from '../command.ts';
import { baselineAccept } from './baseline-accept.ts';
import { baselineShow } from './baseline-show.ts';
import { datasetValidate } from './dataset-validate.ts';
import { evalCommand } from './eval.ts';
import { replay } from './replay.ts';
import { serve } from './serve.ts';
import { tracesList } from './traces-list.ts';
import { tracesShow } from './traces-show.ts';

/** Every command of the program, in the order of its help. */
export const commands: readonly Command[] = [
  evalCommand,
  baselineAccept,
  baselineShow,
  datasetValidate,
  tracesList,
  tracesShow,
  replay,
  serve,
];
