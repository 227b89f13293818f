/**
 * The keys of a `scheduler_config.json`: their defaults, and which values are right.
 *
 * @module
 */
import { SchedulerError } from "./scheduler_error.ts";

/** One key of a configuration. */
export interface Key<T> {
  /** What an absent key means. */
  readonly fallback: T;
  /** The right values, for a message. */
  readonly wanted: string;
  /** The value as it is meant, or undefined if it is wrong. */
  readonly accept: (value: unknown) => T | undefined;
}

/** The keys that a class knows, by name. */
export type Keys = Readonly<Record<string, Key<unknown>>>;

/** A configuration with every default filled in. */
export type Config<K extends Keys> = {
  readonly [Name in keyof K]: K[Name] extends Key<infer T> ? T : never;
};

/** A key that is true or false. Python's None counts as false, as it does there. */
export function flag(fallback: boolean): Key<boolean> {
  return {
    fallback,
    wanted: "true or false",
    accept: (value) => typeof value === "boolean" ? value : value === null ? false : undefined,
  };
}

/** A key that holds a finite number between two bounds, both inclusive. */
export function number(
  fallback: number,
  { least = -Infinity, most = Infinity }: {
    readonly least?: number;
    readonly most?: number;
  } = {},
): Key<number> {
  return {
    fallback,
    wanted: "a number" + between(least, most),
    accept: (value) =>
      typeof value === "number" && Number.isFinite(value) && value >= least && value <= most
        ? value
        : undefined,
  };
}

/** A key that holds a whole number between two bounds, both inclusive. */
export function integer(
  fallback: number,
  { least = -Infinity, most = Infinity }: {
    readonly least?: number;
    readonly most?: number;
  } = {},
): Key<number> {
  return {
    fallback,
    wanted: "a whole number" + between(least, most),
    accept: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
        ? value
        : undefined,
  };
}

function between(least: number, most: number): string {
  if (least === -Infinity) return most === Infinity ? "" : ` up to ${most}`;
  return most === Infinity ? ` from ${least}` : ` from ${least} to ${most}`;
}

/**
 * A key that holds one of a few words. `aliases` are words of related classes that diffusers replaces in silence when a
 * configuration is handed from one class to another.
 */
export function choice<const T extends string>(
  fallback: NoInfer<T>,
  values: readonly T[],
  aliases: Readonly<Record<string, NoInfer<T>>> = {},
): Key<T> {
  const named = new Map<unknown, T>(values.map((value) => [value, value]));
  return {
    fallback,
    wanted: `one of ${values.join(", ")}`,
    accept: (value) =>
      named.get(value) ??
        (typeof value === "string" && Object.hasOwn(aliases, value) ? aliases[value] : undefined),
  };
}

/** A key that may also be null, which is its default. */
export function optional<T>(key: Key<T>): Key<T | null> {
  return {
    fallback: null,
    wanted: `${key.wanted}, or null`,
    accept: (value) => value === null ? null : key.accept(value),
  };
}

/** A key that holds a list of numbers between two bounds, both inclusive; `fewest` is how long it is at least. */
export function numbers(
  { least = -Infinity, most = Infinity, fewest = 0 }: {
    readonly least?: number;
    readonly most?: number;
    readonly fewest?: number;
  } = {},
): Key<readonly number[]> {
  return {
    fallback: [],
    wanted: `a list of finite numbers${between(least, most)}` +
      (fewest === 0 ? "" : `, ${fewest} at least`),
    accept: (value) =>
      Array.isArray(value) && value.length >= fewest &&
        value.every((item) => Number.isFinite(item) && item >= least && item <= most)
        ? value
        : undefined,
  };
}

/** Many times the steps of any diffusion; tables have an entry for each, and are spread as arguments. */
const MOST_STEPS = 2 ** 16;

/** The key with the number of steps of the diffusion. */
export const trainStepsKey: Key<number> = integer(1000, { least: 1, most: MOST_STEPS });

/** A key of which only the default is supported; `because` says why. */
export function only<const T extends string | number | boolean | null>(
  fallback: T,
  because: string,
): Key<T> {
  return {
    fallback,
    wanted: `${fallback} (${because})`,
    accept: (value) =>
      value === fallback || (value === null && fallback === false) ? fallback : undefined,
  };
}

/**
 * Reads a configuration: known keys, defaults for absent ones, nothing of unknown ones.
 *
 * @throws {SchedulerError} A value is not among the right ones.
 */
export function readConfig<K extends Keys>(
  name: string,
  { keys, given }: { readonly keys: K; readonly given: Readonly<Record<string, unknown>> },
): Config<K> {
  const entries = Object.entries(keys).map(([key, { fallback, wanted, accept }]) => {
    const value = Object.hasOwn(given, key) ? given[key] : undefined;
    if (value === undefined) return [key, fallback];
    const accepted = accept(value);
    if (accepted === undefined) {
      throw new SchedulerError(
        `Cannot configure ${name}: ${key} is ${
          JSON.stringify(value) ?? String(value)
        }, wanted ${wanted}`,
      );
    }
    return [key, accepted];
  });
  return Object.fromEntries(entries) as Config<K>;
}
