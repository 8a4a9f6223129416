/**
 * The fixed 2-D sine-cosine position table: [side², width] row-major, float64 rounded to float32.
 * The first half of a row encodes the COLUMN, the second the ROW; within each, sines come before cosines.
 * @param width must be a multiple of 4
 * @source sihyun-yu/REPA models/sit.py get_2d_sincos_pos_embed
 */
export function sinCosPosEmbed2d(width: number, side: number): Float32Array {
  const half = width / 2;
  const quarter = half / 2;
  const table = new Float32Array(side * side * width);
  const write = (offset: number, position: number) => {
    for (let j = 0; j < quarter; j++) {
      const angle = position * 10000 ** (-j / quarter);
      table[offset + j] = Math.sin(angle);
      table[offset + quarter + j] = Math.cos(angle);
    }
  };
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const offset = (row * side + column) * width;
      write(offset, column);
      write(offset + half, row);
    }
  }
  return table;
}
