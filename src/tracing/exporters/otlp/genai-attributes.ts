/**
 * The version of the OpenTelemetry semantic conventions that the mapping follows. Their GenAI part is still in
 * development and moves: names change here and nowhere else.
 */
export const SEMCONV_VERSION = '1.45.0';

/** Where that version is described; sent with every span. */
export const SEMCONV_SCHEMA_URL = `https://opentelemetry.io/schemas/${SEMCONV_VERSION}`;

/** The attributes of the conventions that are written, by our name for them. */
export const GENAI = {
  agentName: 'gen_ai.agent.name',
  conversationId: 'gen_ai.conversation.id',
  inputMessages: 'gen_ai.input.messages',
  operationName: 'gen_ai.operation.name',
  outputMessages: 'gen_ai.output.messages',
  providerName: 'gen_ai.provider.name',
  requestMaxTokens: 'gen_ai.request.max_tokens',
  requestModel: 'gen_ai.request.model',
  requestStopSequences: 'gen_ai.request.stop_sequences',
  requestTemperature: 'gen_ai.request.temperature',
  responseFinishReasons: 'gen_ai.response.finish_reasons',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  /** Seconds. */
  responseTimeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  retrievalDocuments: 'gen_ai.retrieval.documents',
  retrievalQueryText: 'gen_ai.retrieval.query.text',
  toolCallArguments: 'gen_ai.tool.call.arguments',
  toolCallId: 'gen_ai.tool.call.id',
  toolCallResult: 'gen_ai.tool.call.result',
  tokenType: 'gen_ai.token.type',
  toolName: 'gen_ai.tool.name',
  usageInputTokens: 'gen_ai.usage.input_tokens',
  usageOutputTokens: 'gen_ai.usage.output_tokens',
} as const;

/** The metrics of the conventions that are written, by our name for them. */
export const GENAI_METRIC = {
  operationDuration: 'gen_ai.client.operation.duration',
  timeToFirstChunk: 'gen_ai.client.operation.time_to_first_chunk',
  tokenUsage: 'gen_ai.client.token.usage',
} as const;

/** The stable attributes of errors that are written. */
export const ERROR = {
  type: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',
} as const;

/** The values of `gen_ai.operation.name` that are written. */
export const OPERATION = {
  chat: 'chat',
  textCompletion: 'text_completion',
  invokeAgent: 'invoke_agent',
  executeTool: 'execute_tool',
  retrieval: 'retrieval',
} as const;

/** LangChain's names of model providers that the conventions spell otherwise; any other is sent as it is. */
const PROVIDERS: Readonly<Record<string, string>> = {
  amazon_bedrock: 'aws.bedrock',
  aws: 'aws.bedrock',
  azure: 'azure.ai.openai',
  azure_openai: 'azure.ai.openai',
  google_genai: 'gcp.gemini',
  google_vertexai: 'gcp.vertex_ai',
  ibm: 'ibm.watsonx.ai',
  mistral: 'mistral_ai',
  mistralai: 'mistral_ai',
  xai: 'x_ai',
};

/** `gen_ai.provider.name` for LangChain's `ls_provider`. */
export function providerName(lsProvider: string): string {
  return Object.hasOwn(PROVIDERS, lsProvider) ? (PROVIDERS[lsProvider] ?? lsProvider) : lsProvider;
}

/** The values of `gen_ai.provider.name` that the conventions list. */
const KNOWN_PROVIDERS: ReadonlySet<string> = new Set([
  ...Object.values(PROVIDERS),
  'anthropic',
  'azure.ai.inference',
  'cohere',
  'deepseek',
  'gcp.gen_ai',
  'groq',
  'moonshot_ai',
  'openai',
  'perplexity',
]);

/** Whether the conventions list a value of `gen_ai.provider.name`. */
export function isKnownProvider(name: string): boolean {
  return KNOWN_PROVIDERS.has(name);
}

/** The attributes of this package: what the conventions have no name for. */
export const SLUICEGATE = {
  /** The LangChain run id of the span, as LangSmith and the embedded store show it. */
  runId: 'sluicegate.run_id',
  /** The run id of the root: the id of the trace everywhere but in OpenTelemetry. */
  rootRunId: 'sluicegate.root_run_id',
  type: 'sluicegate.type',
  outcome: 'sluicegate.outcome',
  /** Why the trace was kept. */
  decisionReason: 'sluicegate.decision.reason',
  /** How many finished runs the trace stands for. */
  decisionWeight: 'sluicegate.decision.weight',
  handledErrorType: 'sluicegate.handled_error.type',
  handledErrorMessage: 'sluicegate.handled_error.message',
  checkpointId: 'sluicegate.checkpoint_id',
  /** The interrupted run that a run goes on from. */
  resumedFromRunId: 'sluicegate.resumed_from.run_id',
  resumedFromCheckpointId: 'sluicegate.resumed_from.checkpoint_id',
  checkpointNs: 'sluicegate.checkpoint_ns',
  node: 'sluicegate.node',
  step: 'sluicegate.step',
  tags: 'sluicegate.tags',
  /** By what a counter of the tracer counts. */
  reason: 'sluicegate.reason',
  label: 'sluicegate.label',
  metadataPrefix: 'sluicegate.metadata.',
  inputs: 'sluicegate.inputs',
  outputs: 'sluicegate.outputs',
  eventData: 'sluicegate.event.data',
} as const;
