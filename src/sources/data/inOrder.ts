/**
 * Maps items with up to `ahead` of them under way at once; results come in the items' order. An error comes out at
 * its item's place, and nothing further is started.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    result.catch(() => undefined); // a failure is thrown when its turn comes
    underWay.push(result);
    const [oldest] = underWay;
    if (underWay.length < ahead || !oldest) continue;
    void underWay.shift();
    yield await oldest;
  }
  for (const result of underWay) yield await result;
}
