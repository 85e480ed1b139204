import type { Command } from '../command.ts';
import { baselineAccept } from './baseline-accept.ts';
import { baselineShow } from './baseline-show.ts';
import { cassetteVerify } from './cassette-verify.ts';
import { datasetValidate } from './dataset-validate.ts';
import { doctor } from './doctor.ts';
import { evalCommand } from './eval.ts';
import { evalMerge } from './eval-merge.ts';
import { history } from './history.ts';
import { plan } from './plan.ts';
import { replay } from './replay.ts';
import { report } from './report.ts';
import { serve } from './serve.ts';
import { tracesExport } from './traces-export.ts';
import { tracesList } from './traces-list.ts';
import { tracesPin } from './traces-pin.ts';
import { tracesPrune } from './traces-prune.ts';
import { tracesResend } from './traces-resend.ts';
import { tracesShow } from './traces-show.ts';
import { tracesUnpin } from './traces-unpin.ts';

/** Every command of the program, in the order of its help. */
export const commands: readonly Command[] = [
  evalCommand,
  evalMerge,
  report,
  history,
  baselineAccept,
  baselineShow,
  datasetValidate,
  tracesList,
  tracesShow,
  tracesExport,
  tracesPin,
  tracesUnpin,
  tracesPrune,
  tracesResend,
  replay,
  cassetteVerify,
  serve,
  plan,
  doctor,
];
