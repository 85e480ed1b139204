import { defineConfig } from 'sluicegate/evals';

export default defineConfig({
  suites: [
    {
      name: 'support-agent',
      dataset: 'datasets/support-agent-golden-v1.jsonl',
      target: 'langserve:http://127.0.0.1:8000/agent',
      evaluators: ['has_resolution', 'contains', 'tool_trajectory', 'no_error', 'latency', 'tokens'],
    },
  ],
});
