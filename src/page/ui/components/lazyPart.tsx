import { lazy, useContext, type ComponentType, type LazyExoticComponent } from "react";
import { AttemptContext } from "./Boundary";

/**
 * A component that is loaded when it is first shown. A load that failed is tried again with the next attempt of the
 * boundary around it: `lazy` alone would keep the failure for as long as the page lives.
 *
 * @param load imports the component
 */
export function lazyPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  const attempts = new WeakMap<object, LazyExoticComponent<ComponentType<Props>>>();
  let loaded: ComponentType<Props> | undefined;
  const loadOnce = async () => ({ default: (loaded ??= await load()) });
  const inAttempt = (attempt: object) => {
    const known = attempts.get(attempt);
    if (known) return known;
    const made = lazy(loadOnce);
    attempts.set(attempt, made);
    return made;
  };
  return function Part(props: Props) {
    const attempt = useContext(AttemptContext);
    const Loaded = loaded ?? inAttempt(attempt);
    return <Loaded {...props} />;
  };
}
