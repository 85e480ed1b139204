const standIns = new WeakSet<object>();

/** Whether this is a stand-in and not the object itself. */
export function isStandIn(value: unknown): boolean {
  return typeof value === 'object' && value !== null && standIns.has(value);
}

/**
 * A stand-in for an object that has some members of its own. All other methods run on the object itself, so that its
 * private fields are there.
 *
 * @param onStandIn Methods that run on the stand-in, because they call the replaced ones.
 */
export function standInFor<Target extends object>(
  target: Target,
  replaced: Readonly<Record<string, unknown>>,
  onStandIn: readonly string[] = [],
): Target {
  const standIn = new Proxy(target, {
    get(_target, key) {
      if (typeof key === 'string' && Object.hasOwn(replaced, key)) return replaced[key];
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function' || key === 'constructor') return member;
      if (typeof key === 'string' && onStandIn.includes(key)) return member;
      const own = Object.getOwnPropertyDescriptor(target, key);
      // The language wants the very value of a member that cannot change.
      return own?.configurable === false && own.writable === false ? member : member.bind(target);
    },
  });
  standIns.add(standIn);
  return standIn;
}
