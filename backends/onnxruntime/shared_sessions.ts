/**
 * Sessions that several programs use.
 *
 * @module
 */
import { OnnxError } from "../../formats/onnx/onnx_error.ts";
import { hasScoreBlocks } from "../../formats/onnx/score_blocks.ts";
import { onnxBytes, type OnnxParts, onnxParts } from "../../formats/onnx/write_onnx.ts";
import { type Graph, parameterCount } from "../../graph/graph.ts";
import { graphKey } from "../../graph/passes/graph_key.ts";
import { BYTES } from "../../graph/tensor_spec.ts";
import type { Parameters } from "../backend.ts";
import type { ExternalFile } from "./protocol.ts";
import { OnnxRuntimeError } from "./runtime.ts";

/** What sessions are made with. */
export interface SessionMaker {
  /** The checkpoint. */
  readonly parameters: Parameters;
  /** Makes a session of a model, whose weights may stand in a file of their own; gives its number. */
  create(model: Uint8Array<ArrayBuffer>, external: readonly ExternalFile[]): number;
  /** Gives a session up. */
  release(session: number): void;
}

/** Weights up to here stand in the model itself. */
const EMBEDDED = 1e9;
/** Of WebAssembly's 4 GiB something has to be left to compute in. */
const MOST = 3.9e9;

/** A program's hold on a session; disposing the last one releases it. */
export interface HeldSession extends Disposable {
  /** The session's number in the runtime. */
  readonly session: number;
}

/** A session, and the programs that hold it. */
interface Shared {
  readonly number: Promise<number>;
  /** Whether it serves one size only, so that every program of it can go over to one with free axes. */
  readonly fixed: boolean;
  /** The number, once there is one. */
  current: number | undefined;
  readonly holders: Set<Holder>;
}

/** A program's hold. It can go over to another session. */
interface Holder {
  shared: Shared;
}

/** The sessions of a checkpoint. */
interface Family {
  /** By what tells their models apart. */
  readonly sessions: Map<string, Shared>;
  /** The first graph of each network, with which others are compared, and what its session is kept under. */
  readonly bases: Map<string, { readonly graph: Graph; readonly key: string }>;
}

/**
 * Sessions by checkpoint and graph. The first graph of a network gets a model of its sizes. The second, at other sizes, gets one
 * whose axes are free where the two differ; it serves both, and each further graph that fits it.
 */
export class SharedSessions {
  readonly #families = new WeakMap<Parameters, Family>();

  /** The session of a graph with a checkpoint's weights; made if there is none. */
  async get(graph: Graph, maker: SessionMaker): Promise<HeldSession> {
    const { parameters } = maker;
    const family = this.#families.get(parameters) ?? { sessions: new Map(), bases: new Map() };
    this.#families.set(parameters, family);
    const exact = graphKey(graph);
    const known = family.sessions.get(exact);
    if (known !== undefined) return await hold(known, { family, maker });
    // Written block by block, a model is for its own sizes.
    if (hasScoreBlocks(graph)) return await make(exact, { family, maker, graph });
    const network = networkKey(graph);
    const base = family.bases.get(network);
    if (base === undefined || !family.sessions.has(base.key)) {
      family.bases.set(network, { graph, key: exact });
      return await make(exact, { family, maker, graph });
    }
    // Graphs without weights are small, and a session of theirs costs next to nothing.
    const free = graph.parameters.length === 0
      ? undefined
      : freeKey(base.graph, { another: graph, parameters });
    if (free === undefined) return await make(exact, { family, maker, graph });
    const shared = family.sessions.get(free);
    if (shared !== undefined) return await hold(shared, { family, maker });
    const held = await make(free, { family, maker, graph: base.graph, another: graph });
    replace(family, { from: base.key, to: free, maker });
    return held;
  }
}

type Context = { readonly family: Family; readonly maker: SessionMaker };

async function make(
  key: string,
  { family, maker, graph, another }: Context & {
    readonly graph: Graph;
    readonly another?: Graph;
  },
): Promise<HeldSession> {
  const options = {
    weights: maker.parameters.source,
    ...(another === undefined ? {} : { another }),
  };
  const write = async () =>
    parameterCount(graph) * BYTES.f32 < EMBEDDED
      ? maker.create(await onnxBytes(graph, options), [])
      : await createExternal(onnxParts(graph, options), maker);
  const fixed = another === undefined;
  const shared: Shared = { number: write(), fixed, current: undefined, holders: new Set() };
  family.sessions.set(key, shared);
  return await hold(shared, { family, maker });
}

/** Weights of a large model are put together outside of it: a model's own bytes end at 2 GiB. */
async function createExternal(
  { model, file, size, weights }: OnnxParts,
  maker: SessionMaker,
): Promise<number> {
  if (size > MOST) {
    throw new OnnxRuntimeError(
      `Cannot run ${maker.parameters.source.description} by ONNX Runtime: its weights take ${
        (size / 1e9).toFixed(1)
      } GB as floats, and WebAssembly has 4 GB for everything; the backend webgpu has no such limit`,
    );
  }
  const data = new Uint8Array(size);
  for (const { offset, read } of weights) data.set(await read(), offset);
  return maker.create(model as Uint8Array<ArrayBuffer>, [{ path: file, data }]);
}

async function hold(shared: Shared, { family, maker }: Context): Promise<HeldSession> {
  const holder: Holder = { shared };
  shared.holders.add(holder);
  const letGo = (): void => {
    const { shared } = holder;
    if (!shared.holders.delete(holder) || shared.holders.size > 0) return;
    for (const [key, each] of family.sessions) if (each === shared) family.sessions.delete(key);
    if (shared.current !== undefined) maker.release(shared.current);
  };
  try {
    shared.current = await shared.number;
  } catch (error) {
    letGo();
    throw error;
  }
  return {
    get session() {
      return holder.shared.current!;
    },
    [Symbol.dispose]: letGo,
  };
}

/** Programs go over from a session of one size to one with free axes, so that the weights are there once. */
function replace(
  family: Family,
  { from, to, maker }: {
    readonly from: string;
    readonly to: string;
    readonly maker: SessionMaker;
  },
): void {
  const [old, free] = [family.sessions.get(from), family.sessions.get(to)];
  // One whose axes are free already serves sizes that the other may not.
  if (old?.current === undefined || free?.current === undefined || !old.fixed) return;
  for (const holder of old.holders) {
    holder.shared = free;
    free.holders.add(holder);
  }
  old.holders.clear();
  family.sessions.set(from, free);
  maker.release(old.current);
}

/** What is the same for a network at all sizes: its weights, what it takes and gives, and its ops. */
function networkKey({ inputs, parameters, nodes, outputs }: Graph): string {
  return JSON.stringify([
    inputs.map(({ name, spec }) => [name, spec.dtype, spec.shape.length]),
    parameters.map(({ name }) => name),
    nodes.map(({ op }) => op),
    outputs.map(({ name }) => name),
  ]);
}

/** The model that serves both graphs, as a key; undefined if there is none. */
function freeKey(
  graph: Graph,
  { another, parameters }: { readonly another: Graph; readonly parameters: Parameters },
): string | undefined {
  try {
    const { model } = onnxParts(graph, { another, weights: parameters.source });
    return `free ${model.toHex()}`;
  } catch (error) {
    if (error instanceof OnnxError) return undefined;
    throw error;
  }
}
