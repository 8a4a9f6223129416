import {
  add,
  add4,
  equal,
  int,
  less,
  load4,
  loadFirst,
  loadFloat,
  loadLane,
  loadPair,
  loadSplat,
  mul,
  mul4,
  quad,
  quotient,
  remainder,
  smaller,
  sub,
  type Assembly,
  type Body,
  type Callee,
  type I32,
  type Type,
  type V128,
  type Variable,
} from "./wasmAssembler";
import { wasmKernel } from "./wasmKernel";

/** A tile is 6 rows by 8 columns: 12 sums, 2 numbers of B and 1 of A fill the 16 registers of most processors. */
const TILE_ROWS = 6;
const PANEL = 8;
const PANEL_BYTES = 4 * PANEL;
const UNROLL = 4;

type Eight = [Int, Int, Int, Int, Int, Int, Int, Int];
type Int = Variable<"i32">;

/** How A's numbers lie: along a row of A (its columns are neighbours), or along a column (A is transposed). */
type Lie = "rows" | "columns";

/** Inner length that is packed at once: a part's panels of B and 6 rows of A then stay in the first-level cache. */
const DEPTH = 192;

/** Scratch begins with the sums of a tile that is not as wide as a panel, then 6 rows of A, then the bias. */
const NARROW_BYTES = TILE_ROWS * PANEL_BYTES;
const A_BYTES = DEPTH * PANEL_BYTES;
const BEFORE_BIAS = NARROW_BYTES + A_BYTES;

/** Columns of B that one part packs, and rows of A that it goes through. Shapes alone decide: every number of threads gives the same bits. */
const PART_COLUMNS = 64;
const PART_ROWS = 258;

/** Bytes of scratch for `columns` columns of B. */
export const productScratch = (k: number, columns = PART_COLUMNS): number =>
  BEFORE_BIAS + Math.ceil(columns / PANEL) * (Math.min(k, DEPTH) + 1) * PANEL_BYTES;

/** Parts of a product along rows and columns. */
export const productParts = (m: number, n: number) => ({
  rowParts: Math.ceil(m / PART_ROWS),
  columnParts: Math.ceil(n / PART_COLUMNS),
});

/** Parameters of a function, all whole numbers. */
function ints(body: Body, parameters: readonly Variable[], count: number): Variable<"i32">[] {
  const given = parameters as readonly Variable<"i32">[];
  return Array.from({ length: count }, (_, i) => given[i] ?? body.variable(int(0)));
}

const PARAMETERS = (count: number): Type[] => Array.from({ length: count }, () => "i32");

/**
 * Sums of `rows` rows and 8 columns over k: parameters a, bytes from row to row (or, for a transposed A, from column
 * to column) of A, a packed panel, k, what the sums start from and bytes from row to row of it, c, the same of C.
 */
function defineTile(assembly: Assembly, rows: number, lie: Lie): Callee {
  return assembly.define(PARAMETERS(8), (body, parameters) => {
    const [a, aStride, panel, k, start, startRow, c, cRow] = ints(body, parameters, 8) as Eight;
    const sums = Array.from({ length: rows }, (_, row) => {
      const halves = [body.variable(load4(start)), body.variable(load4(start, 16))] as const;
      if (row < rows - 1) body.set(start, add(start, startRow));
      return halves;
    });
    // a row's own address where rows lie apart, one for all where they are neighbours
    const rowAddresses: Variable<"i32">[] = [a];
    if (lie === "rows") {
      for (let row = 1; row < rows; row++) {
        rowAddresses.push(body.variable(add(rowAddresses[row - 1] ?? a, aStride)));
      }
    }
    const steps = (count: number) => {
      for (let step = 0; step < count; step++) {
        const low = body.variable(load4(panel, step * PANEL_BYTES));
        const high = body.variable(load4(panel, step * PANEL_BYTES + 16));
        sums.forEach((halves, row) => {
          const x = body.variable(
            lie === "rows" ? loadSplat(rowAddresses[row] ?? a, 4 * step) : loadSplat(a, 4 * row),
          );
          body.set(halves[0], add4(halves[0], mul4(x, low)));
          body.set(halves[1], add4(halves[1], mul4(x, high)));
        });
        if (lie === "columns") body.set(a, add(a, aStride));
      }
      if (lie === "rows") {
        for (const address of rowAddresses) body.set(address, add(address, 4 * count));
      }
    };
    const end = body.variable(add(panel, mul(k, PANEL_BYTES)));
    const unrolledEnd = body.variable(sub(end, mul(remainder(k, UNROLL), PANEL_BYTES)));
    body.repeat(panel, unrolledEnd, UNROLL * PANEL_BYTES, () => steps(UNROLL));
    body.repeat(panel, end, PANEL_BYTES, () => steps(1));
    sums.forEach(([low, high], row) => {
      body.store4(c, low);
      body.store4(c, high, 16);
      if (row < rows - 1) body.set(c, add(c, cRow));
    });
  });
}

/**
 * Packs `columns` columns of B [k, columns] into a panel [k, 8] with zeros in columns that are missing. Parameters b,
 * bytes from row to row and from column to column, columns (1 to 8), k, panel.
 */
function definePack(assembly: Assembly): Callee {
  return assembly.define(PARAMETERS(6), (body, parameters) => {
    const [b, bRow, bColumn, columns, k, panel] = ints(body, parameters, 6) as Eight;
    const end = body.variable(add(panel, mul(k, PANEL_BYTES)));
    const each = (write: () => void) =>
      body.repeat(panel, end, PANEL_BYTES, () => {
        write();
        body.set(b, add(b, bRow));
      });
    const neighbours = () =>
      each(() => {
        body.store4(panel, load4(b));
        body.store4(panel, load4(b, 16), 16);
      });
    const apart = () => {
      const distances = Array.from({ length: PANEL - 1 }, (_, i) =>
        body.variable(mul(bColumn, i + 1)),
      );
      const column = (i: number): I32 => add(b, distances[i - 1] ?? int(0));
      const four = (first: number): V128 =>
        [1, 2, 3].reduce<V128>(
          (into, lane) => loadLane(into, lane, column(first + lane)),
          loadFirst(column(first)),
        );
      each(() => {
        body.store4(panel, four(0));
        body.store4(panel, four(4), 16);
      });
    };
    const narrow = () => {
      const column = body.variable(int(0));
      each(() => {
        body.store4(panel, quad(0));
        body.store4(panel, quad(0), 16);
        body.set(column, int(0));
        body.repeat(column, columns, 1, () => {
          const from = add(b, mul(column, bColumn));
          body.storeFloat(add(panel, mul(column, 4)), loadFloat(from));
        });
      });
    };
    body.when(equal(columns, PANEL), () => body.when(equal(bColumn, 4), neighbours, apart), narrow);
  });
}

/** A value that is 1 to 6 chosen among as many statements. */
function chooseRows(body: Body, rows: I32, choose: (rows: number) => void, from = TILE_ROWS): void {
  if (from === 1) return choose(1);
  body.when(
    equal(rows, from),
    () => choose(from),
    () => chooseRows(body, rows, choose, from - 1),
  );
}

interface Tiles {
  readonly tile: (rows: number, lie: Lie) => Callee;
  readonly pack: Callee;
}

/** Copies `rows` rows of `columns` numbers. */
function copyBlock(
  body: Body,
  [from, fromRow]: readonly [I32, I32],
  [to, toRow]: readonly [I32, I32],
  [rows, columns]: readonly [I32, I32],
) {
  const [y, x] = [body.variable(int(0)), body.variable(int(0))];
  body.repeat(y, rows, 1, () => {
    body.set(x, int(0));
    body.repeat(x, columns, 1, () => {
      const source = add(add(from, mul(y, fromRow)), mul(x, 4));
      body.storeFloat(add(add(to, mul(y, toRow)), mul(x, 4)), loadFloat(source));
    });
  });
}

/**
 * C = A B + bias on one thread. Parameters a, aRow, aColumn (one of both is 4), b, bRow, bColumn, c, cRow, bias or 0, m,
 * k, n, scratch. All but sizes are addresses and distances in bytes; a row of C is contiguous.
 */
function defineProduct(assembly: Assembly, { tile, pack }: Tiles): Callee {
  return assembly.define(PARAMETERS(13), (body, parameters) => {
    const given = ints(body, parameters, 13);
    const [a, aRow, aColumn, b, bRow, bColumn, c, cRow] = given as Eight;
    const [bias, m, k, n, scratch] = given.slice(8) as Eight;
    const biasPanel = body.variable(add(scratch, BEFORE_BIAS));
    const left = body.variable(remainder(n, PANEL));
    const fullEnd = body.variable(sub(n, left));
    const panels = body.variable(
      add(biasPanel, mul(quotient(add(n, PANEL - 1), PANEL), PANEL_BYTES)),
    );
    const column = body.variable(int(0));
    body.repeat(column, n, PANEL, () => {
      body.store4(add(biasPanel, mul(column, 4)), quad(0));
      body.store4(add(biasPanel, mul(column, 4)), quad(0), 16);
    });
    body.when(less(int(0), bias), () =>
      copyBlock(body, [bias, int(0)], [biasPanel, int(0)], [int(1), n]),
    );
    const variables = Array.from({ length: 8 }, () => body.variable(int(0)));
    const [from, depth, panelBytes, panel, row, rows, target, start] = variables as Eight;
    const startRow = body.variable(int(0));
    const stride = body.variable(int(0));
    const done = body.variable(int(0));

    const packPanels = () => {
      body.set(panel, panels);
      body.set(column, int(0));
      const first = body.variable(add(b, mul(done, bRow)));
      body.repeat(column, n, PANEL, () => {
        const columns = smaller(sub(n, column), int(PANEL));
        body.call(pack, add(first, mul(column, bColumn)), bRow, bColumn, columns, depth, panel);
        body.set(panel, add(panel, panelBytes));
      });
    };
    /** A transposed A jumps from row to row: six of its rows are packed before they are read for each panel. */
    const packRows = () => {
      const to = body.variable(add(scratch, NARROW_BYTES));
      const end = body.variable(add(to, mul(depth, PANEL_BYTES)));
      body.repeat(to, end, PANEL_BYTES, () => {
        body.store4(to, load4(from));
        body.store4(to, loadPair(from, 16), 16);
        body.set(from, add(from, aColumn));
      });
      body.set(from, add(scratch, NARROW_BYTES));
      body.set(stride, int(PANEL_BYTES));
    };
    const continued = () => less(int(0), done);
    /** The panels of a group of rows; `count` of them, known here. */
    const tilesOf = (count: number, lie: Lie) => {
      const callee = tile(count, lie);
      body.set(panel, panels);
      body.set(column, int(0));
      body.set(target, add(c, mul(row, cRow)));
      body.set(start, biasPanel);
      body.set(startRow, int(0));
      body.when(continued(), () => {
        body.set(start, target);
        body.set(startRow, cRow);
      });
      body.repeat(column, fullEnd, PANEL, () => {
        body.call(callee, from, stride, panel, depth, start, startRow, target, cRow);
        body.set(panel, add(panel, panelBytes));
        body.set(target, add(target, PANEL_BYTES));
        body.set(start, add(start, PANEL_BYTES));
      });
      body.when(less(int(0), left), () => {
        const whole = int(PANEL_BYTES);
        body.when(continued(), () => {
          copyBlock(body, [target, cRow], [scratch, whole], [rows, left]);
          body.set(start, scratch);
          body.set(startRow, whole);
        });
        body.call(callee, from, stride, panel, depth, start, startRow, scratch, whole);
        copyBlock(body, [scratch, whole], [target, cRow], [rows, left]);
      });
    };
    const rowsOf = (lie: Lie) => {
      body.set(row, int(0));
      body.repeat(row, m, TILE_ROWS, () => {
        body.set(rows, smaller(sub(m, row), int(TILE_ROWS)));
        body.set(from, add(add(a, mul(row, aRow)), mul(done, aColumn)));
        body.set(stride, lie === "rows" ? aRow : aColumn);
        if (lie === "columns") body.when(equal(rows, TILE_ROWS), packRows);
        chooseRows(body, rows, (count) => tilesOf(count, lie));
      });
    };
    body.repeat(done, k, DEPTH, () => {
      body.set(depth, smaller(sub(k, done), int(DEPTH)));
      body.set(panelBytes, mul(depth, PANEL_BYTES));
      packPanels();
      body.when(
        equal(aColumn, 4),
        () => rowsOf("rows"),
        () => rowsOf("columns"),
      );
    });
  });
}

/** Adds the product and what it is made of to a module. @returns it, for other kernels to call */
export function addProduct(assembly: Assembly): Callee {
  const tiles = new Map<string, Callee>();
  for (const lie of ["rows", "columns"] as const) {
    for (let rows = 1; rows <= TILE_ROWS; rows++) {
      tiles.set(`${rows} ${lie}`, defineTile(assembly, rows, lie));
    }
  }
  const pack = definePack(assembly);
  return defineProduct(assembly, {
    pack,
    tile: (rows, lie) => tiles.get(`${rows} ${lie}`) ?? pack,
  });
}

/** Batches of products cut into parts: C[i] = A[i] B[i] + bias. Distances in bytes, 0 from matrix to matrix shares one. */
export const PRODUCT = wasmKernel(
  "product",
  {
    a: "i32",
    aRow: "i32",
    aColumn: "i32",
    aNext: "i32",
    b: "i32",
    bRow: "i32",
    bColumn: "i32",
    bNext: "i32",
    c: "i32",
    cRow: "i32",
    cNext: "i32",
    bias: "i32",
    m: "i32",
    k: "i32",
    n: "i32",
    rowParts: "i32",
    columnParts: "i32",
  },
  (body, given, { part, scratch, product }) => {
    const { a, b, c, aRow, bColumn, cRow, bias, m, n, rowParts, columnParts } = given;
    const column = body.variable(mul(remainder(part, columnParts), PART_COLUMNS));
    const above = body.variable(quotient(part, columnParts));
    const row = body.variable(mul(remainder(above, rowParts), PART_ROWS));
    const index = body.variable(quotient(above, rowParts));
    const biasAt = body.variable(bias);
    body.when(less(int(0), bias), () => body.set(biasAt, add(bias, mul(column, 4))));
    body.call(
      product,
      add(add(a, mul(index, given.aNext)), mul(row, aRow)),
      aRow,
      given.aColumn,
      add(add(b, mul(index, given.bNext)), mul(column, bColumn)),
      given.bRow,
      bColumn,
      add(add(add(c, mul(index, given.cNext)), mul(row, cRow)), mul(column, 4)),
      cRow,
      biasAt,
      smaller(sub(m, row), int(PART_ROWS)),
      given.k,
      smaller(sub(n, column), int(PART_COLUMNS)),
      scratch,
    );
  },
);
