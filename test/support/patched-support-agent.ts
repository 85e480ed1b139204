import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { shopArticles, shopOrders } from '../../examples/support-agent/data/shop-data.ts';
import {
  type AgentDependencies,
  type NodeFactory,
  type NodeName,
  supportNodes,
} from '../../examples/support-agent/nodes/index.ts';
import { OfflineChatModel } from '../../examples/support-agent/offline-model/index.ts';
import {
  afterAssist,
  afterClassify,
  afterDraft,
  afterEscalate,
  afterTool,
} from '../../examples/support-agent/routes.ts';
import { InMemoryShop } from '../../examples/support-agent/shop-store.ts';
import {
  AgentState,
  InputState,
  OutputState,
  type SupportState,
} from '../../examples/support-agent/state.ts';
import type { Random } from '../../src/core/index.ts';
import type { ReplayableGraph } from '../../src/replay/index.ts';

/** A change to the support agent, and where a comparison of two runs has to find it. */
export interface AgentPatch {
  readonly name: string;
  /** What a customer writes for the run to come past the patch. */
  readonly question: string;
  /** `node` or `node, model call n`, as a summary names the place. */
  readonly place: string;
  /** Words that the summary has to hold. */
  readonly says: string | RegExp;
  readonly graph: () => ReplayableGraph;
}

type Router = (state: SupportState) => string;

interface Changes {
  readonly nodes?: Partial<Record<NodeName, NodeFactory>>;
  readonly routes?: Partial<Record<'classify' | 'assist' | 'tool' | 'draft', Router>>;
  /** The name of the node that writes the answer. */
  readonly draftName?: string;
  readonly first?: NodeName;
  /** A node between the start and the classification. */
  readonly before?: NodeFactory;
  /** The node after a search, in place of what its router says. */
  readonly afterSearch?: NodeName;
}

/** The support agent with parts of it changed. */
export function patchedSupportAgent(changes: Changes = {}): ReplayableGraph {
  const dependencies: AgentDependencies = {
    model: new OfflineChatModel(),
    store: new InMemoryShop({ orders: shopOrders.orders, today: shopOrders.asOf }),
    articles: shopArticles,
    policy: { refundLimitCents: 100_00, returnWindowDays: 30, today: shopOrders.asOf },
    maxSteps: 6,
    newRunKey: () => crypto.randomUUID(),
  };
  const node = (name: NodeName) => (changes.nodes?.[name] ?? supportNodes[name])(dependencies);
  const draft = changes.draftName ?? 'draft';
  // The library types names of nodes; these are known at run time only.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  const graph = new StateGraph(AgentState, { input: InputState, output: OutputState }) as any;
  for (const name of Object.keys(supportNodes) as NodeName[])
    graph.addNode(name === 'draft' ? draft : name, node(name));
  const renamed = (route: Router): Router =>
    Object.defineProperty(
      (state: SupportState) => (route(state) === 'draft' ? draft : route(state)),
      'name',
      {
        value: route.name,
      },
    );
  const routes = changes.routes ?? {};
  const afterTools = renamed(routes.tool ?? afterTool);
  if (changes.before === undefined) graph.addEdge(START, changes.first ?? 'classify');
  else {
    graph.addNode('screen', changes.before(dependencies));
    graph.addEdge(START, 'screen');
    graph.addEdge('screen', 'classify');
  }
  graph
    .addConditionalEdges('classify', renamed(routes.classify ?? afterClassify))
    .addConditionalEdges('classify_fallback', renamed(afterClassify))
    .addConditionalEdges('assist', renamed(routes.assist ?? afterAssist(6)))
    .addConditionalEdges('look_up_order', afterTools)
    .addConditionalEdges('refund', afterTools)
    .addConditionalEdges('cancel', afterTools)
    .addConditionalEdges('reject_tool_call', afterTools)
    .addConditionalEdges('escalate', renamed(afterEscalate(6)))
    .addConditionalEdges(draft, routes.draft ?? afterDraft)
    .addEdge('await_approval', draft);
  if (changes.afterSearch === undefined) graph.addConditionalEdges('search_knowledge', afterTools);
  else graph.addEdge('search_knowledge', changes.afterSearch);
  return graph.compile({ name: 'support-agent', checkpointer: new MemorySaver() });
}

/** A model whose prompts are edited before it sees them. */
class EditedModel extends OfflineChatModel {
  private readonly edit: (prompt: string, messages: readonly BaseMessage[]) => string;

  constructor(edit: (prompt: string, messages: readonly BaseMessage[]) => string) {
    super();
    this.edit = edit;
  }

  override invoke(...[input, options]: Parameters<BaseChatModel['invoke']>) {
    const messages = input as BaseMessage[];
    const edited = messages.map((message) =>
      message.getType() === 'system' ? new SystemMessage(this.edit(message.text, messages)) : message,
    );
    return super.invoke(edited, options as never);
  }
}

class RenamedModel extends OfflineChatModel {
  override getLsParams(options: this['ParsedCallOptions']) {
    return { ...super.getLsParams(options), ls_model_name: 'offline-rules-2' };
  }
}

class WarmModel extends OfflineChatModel {
  override getLsParams(options: this['ParsedCallOptions']) {
    return { ...super.getLsParams(options), ls_temperature: 0.7 };
  }
}

const withModel =
  (name: NodeName, model: () => BaseChatModel): NodeFactory =>
  (dependencies) =>
    supportNodes[name]({ ...dependencies, model: model() });

/** A node that is handed another state than the graph has. */
const seeing =
  (name: NodeName, change: (state: SupportState) => SupportState): NodeFactory =>
  (dependencies) => {
    const node = supportNodes[name](dependencies);
    return (state, config) => node(change(state), config);
  };

/** A node whose update is changed. */
const writing =
  (name: NodeName, change: (update: Record<string, unknown>) => Record<string, unknown>): NodeFactory =>
  (dependencies) => {
    const node = supportNodes[name](dependencies);
    return async (state, config) => change(await node(state, config)) as never;
  };

/** The arguments of the tool call that waits, changed. */
const callingWith = (change: Record<string, unknown>) => (state: SupportState) => {
  const messages = state.messages.map((message) => {
    const calls = (message as { tool_calls?: { args: Record<string, unknown> }[] }).tool_calls ?? [];
    if (calls.length === 0) return message;
    return Object.assign(Object.create(Object.getPrototypeOf(message) as object), message, {
      tool_calls: calls.map((call) => ({ ...call, args: { ...call.args, ...change } })),
    }) as typeof message;
  });
  return { ...state, messages };
};

const QUESTIONS = {
  status: ['Where is A-1002?', 'track A-1012 please', 'What is the status of A-1011?'],
  cancel: ['Please cancel order A-1004.'],
  article: ['How long does delivery take?', 'Do you sell gift cards?'],
  person: ['I want to talk to a real person.'],
} as const;

/** `seed`-dependent patches of every kind: the prompt, a tool, a route, a node, the model. */
export function seededPatch(seed: number, random: Random): AgentPatch {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const word = `v${Math.floor(random() * 1e6)}`;
  const edited = (prompt: string) => {
    const lines = prompt.split('\n');
    const at = Math.floor(random() * lines.length);
    return [...lines.slice(0, at), `Remember rule ${word}.`, ...lines.slice(at)].join('\n');
  };
  const prompt = (name: NodeName, question: string): Omit<AgentPatch, 'name'> => ({
    question,
    place: `node ${name}, model call 1`,
    says: 'the prompt changed here',
    graph: () => patchedSupportAgent({ nodes: { [name]: withModel(name, () => new EditedModel(edited)) } }),
  });
  const kinds: readonly (() => AgentPatch)[] = [
    () => ({ name: 'a line in the prompt that classifies', ...prompt('classify', pick(QUESTIONS.status)) }),
    () => ({ name: 'a line in the prompt that chooses tools', ...prompt('assist', pick(QUESTIONS.status)) }),
    () => ({ name: 'a line in the prompt that writes', ...prompt('draft', pick(QUESTIONS.person)) }),
    () => ({
      name: 'a prompt that differs after a tool only',
      question: pick(QUESTIONS.status),
      place: 'node assist, model call 2',
      says: 'the prompt changed here',
      graph: () =>
        patchedSupportAgent({
          nodes: {
            assist: withModel(
              'assist',
              () =>
                new EditedModel((text, messages) =>
                  messages.some((message) => message.getType() === 'tool') ? `${text}\n${word}` : text,
                ),
            ),
          },
        }),
    }),
    () => ({
      name: 'the argument of the look-up',
      question: pick(QUESTIONS.status),
      place: 'node look_up_order, tool call 1 (look_up_order)',
      says: 'the arguments of tool look_up_order changed here',
      graph: () =>
        patchedSupportAgent({
          nodes: { look_up_order: seeing('look_up_order', callingWith({ orderId: `A-${word}` })) },
        }),
    }),
    () => ({
      name: 'the query of the search',
      question: pick(QUESTIONS.article),
      place: 'node search_knowledge, tool call 1 (search_articles)',
      says: 'the arguments of tool search_articles changed here',
      graph: () =>
        patchedSupportAgent({
          nodes: { search_knowledge: seeing('search_knowledge', callingWith({ query: `about ${word}` })) },
        }),
    }),
    () => ({
      name: 'what a person is told',
      question: pick(QUESTIONS.person),
      place: 'node escalate, tool call 1 (escalate_to_person)',
      says: 'arguments',
      graph: () =>
        patchedSupportAgent({ nodes: { escalate: seeing('escalate', callingWith({ reason: word })) } }),
    }),
    () => ({
      name: 'a classification that is overruled',
      question: pick(QUESTIONS.status),
      place: 'node classify',
      says: /what it wrote to the state changed here: request/,
      graph: () =>
        patchedSupportAgent({
          nodes: {
            classify: writing('classify', (update) => ({
              ...update,
              request: { ...(update['request'] as object), orderId: null },
            })),
          },
        }),
    }),
    () => ({
      name: 'steps that count twice',
      question: pick(QUESTIONS.cancel),
      place: 'node assist',
      says: 'steps',
      graph: () =>
        patchedSupportAgent({
          nodes: {
            assist: writing('assist', (update) => ({ ...update, steps: Number(update['steps']) * 2 })),
          },
        }),
    }),
    () => ({
      name: 'a route past the tools',
      question: pick(QUESTIONS.status),
      place: 'node classify',
      says: 'the route changed: to draft instead of assist',
      graph: () => patchedSupportAgent({ routes: { classify: () => 'draft' } }),
    }),
    () => ({
      name: 'a route to a person instead of the tool',
      question: pick(QUESTIONS.cancel),
      place: 'node assist',
      says: 'the route changed: to escalate instead of look_up_order',
      graph: () => patchedSupportAgent({ routes: { assist: () => 'escalate' } }),
    }),
    () => ({
      name: 'a route from the tool to the answer',
      question: pick(QUESTIONS.status),
      place: 'node look_up_order',
      says: 'the route changed: to draft instead of assist',
      graph: () => patchedSupportAgent({ routes: { tool: () => 'draft' } }),
    }),
    () => ({
      name: 'an edge in place of a router',
      question: pick(QUESTIONS.article),
      place: 'node search_knowledge',
      says: 'assist does not run any more: draft comes next',
      graph: () => patchedSupportAgent({ afterSearch: 'draft' }),
    }),
    () => ({
      name: 'a dropped first node',
      question: pick(QUESTIONS.status),
      place: 'the run',
      says: 'at the start, classify does not run any more: assist comes next',
      graph: () => patchedSupportAgent({ first: 'assist' }),
    }),
    () => ({
      name: 'a node before the first',
      question: pick(QUESTIONS.status),
      place: 'the run',
      says: 'at the start, screen runs too, before classify',
      graph: () => patchedSupportAgent({ before: () => async () => ({}) }),
    }),
    () => ({
      name: 'a renamed node',
      question: pick(QUESTIONS.article),
      place: 'node assist (2nd time)',
      says: 'to write_reply instead of draft',
      graph: () => patchedSupportAgent({ draftName: 'write_reply' }),
    }),
    () => ({
      name: 'a node that throws',
      question: pick(QUESTIONS.status),
      place: 'node look_up_order',
      says: `it fails here: TypeError: broken ${word}`,
      graph: () =>
        patchedSupportAgent({
          nodes: {
            look_up_order: () => async () => {
              throw new TypeError(`broken ${word}`);
            },
          },
        }),
    }),
    () => ({
      name: 'a second model call',
      question: pick(QUESTIONS.person),
      place: 'node draft, model call 2',
      says: 'this call was not made before',
      graph: () =>
        patchedSupportAgent({
          nodes: {
            draft: (dependencies) => {
              const node = supportNodes.draft(dependencies);
              return async (state, config) => {
                const update = await node(state, config);
                await dependencies.model
                  .invoke([new SystemMessage('Check.'), new HumanMessage(word)], config)
                  .catch(() => undefined);
                return update;
              };
            },
          },
        }),
    }),
    () => {
      const [model, says] = pick([
        [() => new RenamedModel(), 'the model changed here'],
        [() => new WarmModel(), 'the settings of the model (temperature) changed here'],
      ] as const);
      return {
        name: 'another model',
        question: pick(QUESTIONS.cancel),
        place: 'node assist, model call 1',
        says,
        graph: () => patchedSupportAgent({ nodes: { assist: withModel('assist', model) } }),
      };
    },
    () => ({
      name: 'a reply that is rewritten behind the model',
      question: pick(QUESTIONS.status),
      place: 'node draft',
      says: 'what it wrote to the state changed here: messages',
      graph: () =>
        patchedSupportAgent({
          nodes: {
            draft: writing('draft', (update) => ({
              messages: (update['messages'] as BaseMessage[]).map(
                (message) =>
                  new (message.constructor as typeof HumanMessage)({ content: `${message.text} ${word}` }),
              ),
            })),
          },
        }),
    }),
  ];
  return (kinds[seed % kinds.length] as () => AgentPatch)();
}
