/**
 * Brings a weight from the checkpoint's order into the one that its op wants, on the device: halves are packed, and outputs
 * become the last axis.
 *
 * @module
 */
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { DeviceError } from "../device_error.ts";
import type { BufferRef, GpuLimits, GpuTraits, Layout, Part, Pass } from "../kernel.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { up4 } from "../wgsl/snippets.ts";

/** Words that a part of a tensor takes in a layout. */
export function layoutWords(
  layout: Layout,
  { shape, part }: { readonly shape: readonly number[]; readonly part: Part },
): number {
  const rows = part.end - part.start;
  const inner = sizeOf(shape.slice(1));
  const elements = layout.order === "outputLast" ? up4(rows) * inner : rows * inner;
  return layout.half ? Math.ceil(elements / 2) : elements;
}

/**
 * The parts in which a weight of `shape` is stored, each within one binding. A part begins at a multiple of four rows, so
 * that vectors and pairs stay whole.
 *
 * @throws {DeviceError} If four rows are more than a binding holds.
 */
export function weightParts(
  layout: Layout,
  options: {
    readonly shape: readonly number[];
    readonly limits: GpuLimits;
    /** What it is, for messages. */
    readonly purpose: string;
  },
): Part[] {
  const { shape, limits, purpose } = options;
  const rows = shape[0] ?? 1;
  const perRow = sizeOf(shape.slice(1)) * (layout.half ? 2 : 4);
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  if (up4(rows) * perRow <= most) return [{ start: 0, end: rows }];
  const each = Math.floor(most / perRow / 4) * 4;
  if (each === 0) {
    throw new DeviceError(
      "binding",
      `Cannot store ${purpose}: four rows take ${
        4 * perRow
      } bytes, this device binds ${most} at most`,
    );
  }
  return Array.from(
    { length: Math.ceil(rows / each) },
    (_, at) => ({ start: at * each, end: Math.min((at + 1) * each, rows) }),
  );
}

/** What {@linkcode planLayout} moves. */
export interface LayoutMove {
  /** Of the whole tensor, as in the checkpoint. */
  readonly shape: readonly number[];
  /** The rows in the source buffer; the start is a multiple of 4. */
  readonly rows: Part;
  /** The rows in the target buffer. */
  readonly part: Part;
  readonly source: BufferRef;
  readonly target: BufferRef;
}

/** Moves rows in the checkpoint's order into a part of the tensor in `layout`. */
export function planLayout(layout: Layout, move: LayoutMove, gpu: GpuTraits): Pass {
  const { shape, rows, part } = move;
  const inner = sizeOf(shape.slice(1));
  const count = rows.end - rows.start;
  const buffers = {
    x: { ref: move.source, type: "f32" },
    y: { ref: move.target, type: layout.half ? "u32" : "f32", write: true },
  };
  const functions = layout.half ? ["halfBits"] : [];
  const label = `layout/${layout.order}${layout.half ? " in halves" : ""}`;
  if (layout.order === "plain") {
    const words = layout.half ? Math.ceil(count * inner / 2) : count * inner;
    return elementwise({
      label,
      uniforms: {
        elements: count * inner,
        first: (rows.start - part.start) * inner / (layout.half ? 2 : 1),
      },
      buffers,
      functions,
      main: layout.half
        ? `  let low = halfBits(x[2u * i]);
  let odd = 2u * i + 1u;
  let high = select(0u, halfBits(x[min(odd, s.elements - 1u)]), odd < s.elements);
  y[s.first + i] = low | (high << 16u);`
        : "  y[s.first + i] = x[i];",
    }, { count: words, gpu });
  }
  const taps = sizeOf(shape.slice(2));
  const each = layout.half ? 2 : 1;
  const read = (column: string) =>
    `select(0.0, x[min(${column}, s.rows - 1u) * s.row + source], ${column} < s.rows)`;
  return elementwise({
    label,
    uniforms: {
      rows: count,
      row: inner,
      taps,
      channels: inner / taps,
      columns: up4(count) / each,
      stride: up4(part.end - part.start) / each,
      first: (rows.start - part.start) / each,
    },
    buffers,
    functions,
    main: `  let column = i % s.columns;
  let k = i / s.columns;
  let source = k % s.channels * s.taps + k / s.channels;
  let place = k * s.stride + s.first + column;
${
      layout.half
        ? `  y[place] = halfBits(${read("(2u * column)")}) | (halfBits(${
          read("(2u * column + 1u)")
        }) << 16u);`
        : `  y[place] = ${read("column")};`
    }`,
  }, { count: up4(count) / each * inner, gpu });
}
