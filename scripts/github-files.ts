// Reads workflows and actions by the schemas of GitHub itself.
import { registerHooks } from 'node:module';

// The parser imports its schemas as bundlers let it, without saying that they are JSON.
registerHooks({
  load: (url, context, nextLoad) =>
    nextLoad(
      url,
      /\/@actions\/workflow-parser\/.*\.json$/.test(url)
        ? { ...context, importAttributes: { ...context.importAttributes, type: 'json' } }
        : context,
    ),
});
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');
const { parseAction } = await import('@actions/workflow-parser/actions/action-parser');

/** What GitHub would refuse in the text of a workflow; empty for a good one. */
export function workflowMistakes(name: string, content: string): readonly string[] {
  return messages(parseWorkflow({ name, content }, new NoOperationTraceWriter()));
}

/** What GitHub would refuse in the text of an `action.yml`; empty for a good one. */
export function actionMistakes(name: string, content: string): readonly string[] {
  return messages(parseAction({ name, content }, new NoOperationTraceWriter()));
}

function messages({ context }: ReturnType<typeof parseWorkflow>): readonly string[] {
  return context.errors.getErrors().map(({ message }) => message);
}
