/** A word, number or sign of WGSL, and the line it stands on, from 1. */
export interface Token {
  readonly kind: "name" | "number" | "sign" | "end";
  readonly text: string;
  readonly line: number;
}

/** WGSL that the checker cannot follow: it refuses rather than guesses. */
export class NotFollowed extends Error {
  constructor(what: string, line: number) {
    super(`Line ${line}: the WGSL checker does not follow ${what}. Teach it in test/wgsl.`);
  }
}

const PATTERNS: readonly (readonly [Token["kind"] | "space", RegExp])[] = [
  ["space", /\/\/[^\n]*|\/\*[^]*?\*\/|\s+/y],
  ["name", /[A-Za-z_]\w*/y],
  ["number", /0[xX][\da-fA-F]+[iu]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iufh]?/y],
  ["sign", /<<=|&&|\|\||[=!<>+\-*/%&|^]=|\+\+|--|->|<<|[-+*/%&|^!~<>=(){}[\],;:.@]/y],
];

/** The token, or the space, that begins at a place of the text. */
function matchAt(text: string, at: number) {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { kind, text: found };
  }
  return undefined;
}

/** `>>` comes as two signs, because it also ends two types. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const found = matchAt(text, at);
    if (!found) throw new NotFollowed(`"${text.charAt(at)}"`, line);
    if (found.kind !== "space") tokens.push({ kind: found.kind, text: found.text, line });
    line += found.text.split("\n").length - 1;
    at += found.text.length;
  }
  return [...tokens, { kind: "end", text: "the end of the text", line }];
}

/** Goes through tokens from left to right. */
export class Cursor {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  peek(ahead = 0): Token {
    const token = this.tokens[this.at + ahead] ?? this.tokens.at(-1);
    if (!token) throw new Error("No tokens: they end with one of kind `end`.");
    return token;
  }

  get line(): number {
    return this.peek().line;
  }

  next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  is(...texts: readonly string[]): boolean {
    const { kind, text } = this.peek();
    return kind !== "number" && texts.includes(text);
  }

  /** Takes the next token if it is `text`. */
  take(text: string): boolean {
    const found = this.is(text);
    if (found) this.at++;
    return found;
  }

  /** @throws NotFollowed when the next token is another */
  expect(text: string): void {
    if (!this.take(text)) {
      throw new NotFollowed(`"${this.peek().text}" where "${text}" should be`, this.line);
    }
  }

  /** @throws NotFollowed when the next token is not a name */
  name(): string {
    const { kind, text, line } = this.next();
    if (kind !== "name") throw new NotFollowed(`"${text}" where a name should be`, line);
    return text;
  }

  /** What `each` reads, until `close`, with commas between. */
  list<T>(close: string, each: () => T): T[] {
    const items: T[] = [];
    while (!this.take(close)) {
      items.push(each());
      if (!this.is(close)) this.expect(",");
    }
    return items;
  }
}
