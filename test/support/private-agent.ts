import { dispatchCustomEvent } from '@langchain/core/callbacks/dispatch';
import { Document } from '@langchain/core/documents';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { BaseRetriever } from '@langchain/core/retrievers';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  Command,
  interrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import {
  context,
  createTraceState,
  propagation,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { getCurrentRunTree, traceable } from 'langsmith/traceable';
import { wrapOpenAI } from 'langsmith/wrappers';
import OpenAI from 'openai';

/** Every place at which a value can come into a run. */
export const PRIVATE_PLACES = [
  'input',
  'inputkey',
  'output',
  'resume',
  'interrupt',
  'thrown',
  'thrownname',
  'cause',
  'notanerror',
  'metadata',
  'metadatakey',
  'tag',
  'thread',
  'configurable',
  'runname',
  'innerrunname',
  'innertag',
  'innermetadata',
  'prompt',
  'chunk',
  'model',
  'messagename',
  'event',
  'eventname',
  'toolargs',
  'toolresult',
  'toolerror',
  'toolcallid',
  'query',
  'document',
  'documentmetadata',
  'traceableinput',
  'traceableoutput',
  'traceablename',
  'traceablemetadata',
  'traceabletag',
  'traceableerror',
  'openaiprompt',
  'openaianswer',
  'openaimodel',
  'runtreeinput',
  'runtreeoutput',
  'runtreename',
  'runtreeevent',
  'runtreeerror',
  'url',
  'otelspanname',
  'otelattribute',
  'otelattributekey',
  'otelattributelist',
  'otelstatus',
  'otelexception',
  'otelexceptionname',
  'otelevent',
  'oteleventattribute',
  'otellinkattribute',
  'otellinkstate',
  'otelrootattribute',
  'tracestate',
  'baggage',
] as const;
/** A place at which a value can come into a run. */
export type PrivatePlace = (typeof PRIVATE_PLACES)[number];
/** A text for each place, which appears nowhere else. */
export type PrivateTexts = Readonly<Record<PrivatePlace, string>>;

/** Texts made of the names of their places, so that a failure names the place. */
export function privateTexts(make: (place: PrivatePlace) => string): PrivateTexts {
  return Object.fromEntries(PRIVATE_PLACES.map((place) => [place, make(place)])) as PrivateTexts;
}

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  mode: Annotation<string>(),
  note: Annotation<string>(),
  facts: Annotation<Record<string, string>>(),
});

class Orders extends BaseRetriever {
  lc_namespace = ['test', 'retrievers'];
  private readonly texts: PrivateTexts;

  constructor(texts: PrivateTexts) {
    super();
    this.texts = texts;
  }

  override async _getRelevantDocuments() {
    return [
      new Document({ pageContent: this.texts.document, metadata: { source: this.texts.documentmetadata } }),
    ];
  }
}

/** Reports the name it was made with, as the models of providers do. */
class NamedModel extends FakeListChatModel {
  private readonly model: string;

  constructor(model: string, responses: string[]) {
    super({ responses });
    this.model = model;
  }

  override getLsParams(options: this['ParsedCallOptions']) {
    return { ...super.getLsParams(options), ls_model_name: this.model, ls_provider: 'fake' };
  }
}

/** What the code of a node records with OpenTelemetry by itself. */
function recordSpans(texts: PrivateTexts): void {
  const tracer = trace.getTracer('shop');
  const link = {
    context: {
      traceId: 'c'.repeat(32),
      spanId: 'd'.repeat(16),
      traceFlags: TraceFlags.SAMPLED,
      traceState: createTraceState(`link=${texts.otellinkstate}`),
    },
    attributes: { reason: texts.otellinkattribute },
  };
  const span = tracer.startSpan(texts.otelspanname, { links: [link] });
  span.setAttribute('db.query.text', texts.otelattribute);
  span.setAttribute(texts.otelattributekey, true);
  span.setAttribute('ids', [texts.otelattributelist]);
  span.addEvent(texts.otelevent, { of: texts.oteleventattribute });
  span.recordException(Object.assign(new Error(texts.otelexception), { name: texts.otelexceptionname }));
  span.setStatus({ code: SpanStatusCode.ERROR, message: texts.otelstatus });
  span.end();
  const root = tracer.startSpan('job', { root: true });
  root.setAttribute('customer', texts.otelrootattribute);
  root.end();
}

/** What the code of a node reports with langsmith by itself. */
async function reportRuns(texts: PrivateTexts): Promise<void> {
  const lookUp = traceable(async (_query: string) => texts.traceableoutput, {
    name: texts.traceablename,
    metadata: { of: texts.traceablemetadata },
    tags: [texts.traceabletag],
  });
  await lookUp(texts.traceableinput);
  const fail = traceable(
    async () => {
      throw new Error(texts.traceableerror);
    },
    { name: 'fail' },
  );
  await fail().catch(() => undefined);
  const openai = wrapOpenAI(
    new OpenAI({
      apiKey: 'none',
      fetch: async () =>
        Response.json({
          id: 'c-1',
          object: 'chat.completion',
          created: 0,
          model: texts.openaimodel,
          choices: [
            { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: texts.openaianswer } },
          ],
          usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
        }),
    }),
  );
  const messages = [{ role: 'user' as const, content: texts.openaiprompt }];
  await openai.chat.completions.create({ model: texts.openaimodel, messages });
  const tree = getCurrentRunTree().createChild({
    name: texts.runtreename,
    run_type: 'tool',
    inputs: { query: texts.runtreeinput },
  });
  await tree.postRun();
  tree.addEvent({ name: 'step', message: texts.runtreeevent });
  await tree.end({ found: texts.runtreeoutput });
  await tree.patchRun();
  const failed = getCurrentRunTree().createChild({ name: 'failed' });
  await failed.postRun();
  await failed.end(undefined, texts.runtreeerror);
  await failed.patchRun();
}

/**
 * A graph with a private text at every place that is the graph's own.
 *
 * @param peer URL of a service that a node calls.
 */
export function privateAgent(texts: PrivateTexts, peer: string) {
  const lookUp = tool(async () => texts.toolresult, {
    name: 'look_up',
    description: 'Finds an order.',
    schema: { type: 'object', properties: { query: { type: 'string' } } } as const,
  });
  const broken = tool(
    async () => {
      throw new Error(`no row for ${texts.toolerror}`);
    },
    { name: 'broken', description: 'Fails.', schema: { type: 'object', properties: {} } as const },
  );
  const model = new NamedModel(texts.model, [`I found ${texts.chunk} for you`]);
  const call = (name: string, args: Record<string, unknown>, id: string) => ({
    messages: [new AIMessage({ content: '', tool_calls: [{ name, args, id }] })],
  });
  const work = async (_state: unknown, config: LangGraphRunnableConfig) => {
    await dispatchCustomEvent(texts.eventname, { found: texts.event }, config);
    await new Orders(texts).invoke(texts.query, config);
    const inner = RunnableLambda.from(async () => 'done');
    await inner.invoke(String(config.configurable?.['customer']), {
      ...config,
      runName: texts.innerrunname,
      tags: [texts.innertag],
      metadata: { of: texts.innermetadata },
    });
    await RunnableLambda.from(async () => {
      throw texts.notanerror;
    })
      .invoke('x', config)
      .catch(() => undefined);
    recordSpans(texts);
    await fetch(`${peer}/orders?of=${texts.url}`);
    await reportRuns(texts);
    return call('look_up', { query: texts.toolargs }, texts.toolcallid);
  };
  return new StateGraph(State)
    .addNode('work', work)
    .addNode('tools', new ToolNode([lookUp, broken]))
    .addNode('fail', () => call('broken', {}, 'call-2'))
    .addNode('again', new ToolNode([lookUp, broken]))
    .addNode('answer', async (_state, config) => ({
      messages: [
        await model.invoke([new HumanMessage({ content: texts.prompt, name: texts.messagename })], config),
      ],
      note: texts.output,
    }))
    .addNode('ask', () => ({ note: String(interrupt({ question: texts.interrupt })) }))
    .addNode('boom', () => {
      const error = new TypeError(`bad value\n    at ${texts.thrown} (/fake/${texts.thrown}.ts:1:1)`, {
        cause: new RangeError(`because of ${texts.cause}`),
      });
      throw Object.assign(error, { name: texts.thrownname });
    })
    .addEdge(START, 'work')
    .addEdge('work', 'tools')
    .addEdge('tools', 'fail')
    .addEdge('fail', 'again')
    .addEdge('again', 'answer')
    .addConditionalEdges('answer', ({ mode }) => mode, ['ask', 'boom'])
    .compile({ name: 'agent', checkpointer: new MemorySaver() });
}

/**
 * Calls the graph as a request of a service that is traced by others: to an interrupt, on from it, to a failure, and as a
 * stream.
 */
export async function callWithPrivateTexts(
  graph: ReturnType<typeof privateAgent>,
  texts: PrivateTexts,
): Promise<void> {
  const config = (thread: string) => ({
    metadata: { customer: texts.metadata, [texts.metadatakey]: true },
    tags: [texts.tag],
    runName: texts.runname,
    configurable: { thread_id: `${texts.thread}-${thread}`, customer: texts.configurable },
  });
  const input = (mode: string) => ({
    mode,
    messages: [new HumanMessage(texts.input)],
    facts: { [texts.inputkey]: 'yes' },
  });
  const caller = trace.setSpanContext(context.active(), {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    traceState: createTraceState(`vendor=${texts.tracestate}`),
  });
  const baggage = propagation.createBaggage({ customer: { value: texts.baggage } });
  await context.with(propagation.setBaggage(caller, baggage), async () => {
    await graph.invoke(input('ask'), config('a'));
    await graph.invoke(new Command({ resume: texts.resume }), config('a'));
    await graph.invoke(input('boom'), config('b')).catch(() => undefined);
    const stream = await graph.stream(input('ask'), { ...config('c'), streamMode: 'messages' });
    for await (const _chunk of stream);
  });
}
