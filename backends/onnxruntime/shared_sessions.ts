/**
 * Sessions that several programs use.
 *
 * @module
 */
import type { Graph } from "../../graph/graph.ts";
import { graphKey } from "../../graph/passes/graph_key.ts";
import type { Parameters } from "../backend.ts";

/** A session and how many programs use it. */
interface Shared {
  readonly session: Promise<number>;
  users: number;
}

/** A program's hold on a session; disposing the last one releases it. */
export interface HeldSession extends Disposable {
  /** Its number in the runtime. */
  readonly session: number;
}

/** Sessions by checkpoint and graph. */
export class SharedSessions {
  readonly #sessions = new WeakMap<Parameters, Map<string, Shared>>();

  /** The session of a graph with a checkpoint's weights; made if there is none. */
  async get(
    graph: Graph,
    { parameters, create, release }: {
      readonly parameters: Parameters;
      readonly create: () => Promise<number>;
      readonly release: (session: number) => void;
    },
  ): Promise<HeldSession> {
    const own = this.#sessions.get(parameters) ?? new Map<string, Shared>();
    this.#sessions.set(parameters, own);
    const key = graphKey(graph);
    const shared = own.get(key) ?? { session: create(), users: 0 };
    own.set(key, shared);
    shared.users++;
    let held = true;
    const letGo = (): boolean => {
      if (!held) return false;
      held = false;
      shared.users--;
      if (shared.users === 0) own.delete(key);
      return shared.users === 0;
    };
    try {
      const session = await shared.session;
      return {
        session,
        [Symbol.dispose]() {
          if (letGo()) release(session);
        },
      };
    } catch (error) {
      letGo();
      throw error;
    }
  }
}
