// A store keeps the last value of each topic and tells those who watch it.

export function makeStore(values) {
  const watchers = new Map();
  return {
    get: (topic) => values[topic],
    set(topic, value) {
      values[topic] = value;
      for (const watcher of [...(watchers.get(topic) ?? [])]) watcher(value);
    },
    // watch calls the watcher with each new value until the function it returns is called.
    watch(topic, watcher) {
      if (!watchers.has(topic)) watchers.set(topic, new Set());
      watchers.get(topic).add(watcher);
      return () => watchers.get(topic).delete(watcher);
    },
  };
}
