import { RunTree } from 'langsmith';
import { isRunTree } from 'langsmith/run_trees';
import { describe, expect, it } from 'vitest';
import { lazyRunTree } from './lazy-run-tree.ts';

const ID = '0198c3f2-0000-7000-8000-000000000001';

function lazy() {
  const made: RunTree[] = [];
  const tree = lazyRunTree({
    known: { id: ID, tracingEnabled: true, extra: { metadata: { node: 'draft' } } },
    prototype: RunTree.prototype,
    make: () => {
      const real = new RunTree({ id: ID, name: 'draft', run_type: 'chain', tags: ['a'] });
      made.push(real);
      return real as never;
    },
  });
  return { tree: tree as unknown as RunTree, made };
}

describe('a lazy run tree', () => {
  it('is a run tree, and not made for what core asks of it at every step', () => {
    const { tree, made } = lazy();
    const mark = Symbol.for('lc:child_config');
    tree.extra = { ...tree.extra, [mark]: 'config' };
    expect(isRunTree(tree)).toBe(true);
    expect(tree).toBeInstanceOf(RunTree);
    expect([tree.id, tree.tracingEnabled, mark in tree, tree.extra[mark as never]]).toEqual([
      ID,
      true,
      false,
      'config',
    ]);
    expect(made).toEqual([]);
  });

  it('is made once, when anything else is asked, and keeps what was set on it before', () => {
    const { tree, made } = lazy();
    tree.extra = { ...tree.extra, added: 1 };
    expect([tree.name, tree.run_type, tree.tags, tree.dotted_order]).toEqual([
      'draft',
      'chain',
      ['a'],
      made[0]?.dotted_order,
    ]);
    expect(tree.extra).toEqual({ metadata: { node: 'draft' }, added: 1 });
    expect(made).toHaveLength(1);
  });

  it('can be cloned and have children, as one that was made', () => {
    const { tree, made } = lazy();
    const clone = new RunTree(tree);
    const child = tree.createChild({ name: 'call', run_type: 'llm' });
    expect(clone).toMatchObject({ id: ID, name: 'draft', dotted_order: made[0]?.dotted_order });
    expect(child).toMatchObject({ trace_id: ID, extra: { metadata: { node: 'draft' } } });
    expect(child.dotted_order.startsWith(`${made[0]?.dotted_order}.`)).toBe(true);
    expect(tree.child_runs).toEqual([child]);
  });
});
