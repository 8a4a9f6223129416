const NOBODY = -1;

/** Two invocations that access one element of memory in no fixed order. */
export interface Conflict {
  readonly element: number;
  readonly kind: "both write" | "one reads what the other writes";
  readonly invocations: readonly [number, number];
}

/** Which invocations wrote and read each element of memory between two barriers. */
export class Accesses {
  private readonly writer: Int32Array;
  private readonly otherWriter: Int32Array;
  /** Two readers are enough: one of them is not the writer. */
  private readonly reader: Int32Array;
  private readonly otherReader: Int32Array;

  constructor(elements: number) {
    const empty = () => new Int32Array(elements).fill(NOBODY);
    [this.writer, this.otherWriter] = [empty(), empty()];
    [this.reader, this.otherReader] = [empty(), empty()];
  }

  write(element: number, invocation: number): void {
    note(this.writer, this.otherWriter, element, invocation);
  }

  read(element: number, invocation: number): void {
    note(this.reader, this.otherReader, element, invocation);
  }

  conflicts(): Conflict[] {
    const found: Conflict[] = [];
    this.writer.forEach((writer, element) => {
      if (writer === NOBODY) return;
      const otherWriter = this.otherWriter[element] ?? NOBODY;
      const readers = [this.reader[element], this.otherReader[element]];
      const reader = readers.find((one = NOBODY) => one !== NOBODY && one !== writer);
      if (otherWriter !== NOBODY) {
        found.push({ element, kind: "both write", invocations: [writer, otherWriter] });
      } else if (reader !== undefined) {
        const kind = "one reads what the other writes";
        found.push({ element, kind, invocations: [reader, writer] });
      }
    });
    return found;
  }
}

function note(first: Int32Array, second: Int32Array, element: number, invocation: number): void {
  if (first[element] === NOBODY) first[element] = invocation;
  else if (first[element] !== invocation && second[element] === NOBODY)
    second[element] = invocation;
}
