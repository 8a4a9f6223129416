/** Where the flat gradients of parameters are: a buffer and an offset in bytes, by the parameter's data. */
export type GradientPlaces = ReadonlyMap<object, GradientPlace>;

export interface GradientPlace {
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
}

/** Gives each parameter's place to its gradient, once a step. */
export class GradientClaims {
  private readonly claimed = new Set<object>();

  constructor(private readonly places: GradientPlaces = new Map()) {}

  /**
   * The place for the gradient of the parameter with this data; undefined where it has none, and from the second time
   * on: a parameter used twice has two gradients that tfjs adds, and the second must not overwrite the first.
   */
  claim(dataId: object): GradientPlace | undefined {
    if (this.claimed.has(dataId)) return undefined;
    const place = this.places.get(dataId);
    if (place) this.claimed.add(dataId);
    return place;
  }
}
