/**
 * Reads configurations so that no key of them goes unnoticed.
 *
 * A network whose configuration was half understood computes something else than it was trained
 * for, without any sign of it. So each key is asked for once, with its type and its default, and
 * {@linkcode ConfigReader.done} refuses a configuration that has more to say.
 *
 * @module
 */
import { display, isObject, type JsonObject, type JsonValue } from "./json.ts";
import { ModelError } from "./model_error.ts";

/** Bounds of a number, both inclusive. */
export interface Range {
  /** Default: 1 for integers, no bound for other numbers. */
  readonly min?: number;
  /** Default: 2^24 for integers (no size in a network is larger), no bound for other numbers. */
  readonly max?: number;
}

/** How many items a list has. */
export interface ListLength {
  /** So many. Default: any number but 0. */
  readonly length?: number;
  /** As many as this list, which was read before. */
  readonly per?: string;
  /** One value that is not a list stands for a list of equal ones; needs `length` or `per`. */
  readonly broadcast?: boolean;
}

/**
 * The readers of a {@linkcode ConfigReader} for keys that may be null. An absent key is null too,
 * unless it has a default.
 */
export interface NullableReader {
  /** As {@linkcode ConfigReader.integer}. */
  integer(key: string, fallback?: number | null, range?: Range): number | null;
  /** As {@linkcode ConfigReader.number}. */
  number(key: string, fallback?: number | null, range?: Range): number | null;
  /** As {@linkcode ConfigReader.string}. */
  string(key: string, fallback?: string | null): string | null;
  /** As {@linkcode ConfigReader.flag}. */
  flag(key: string, fallback?: boolean | null): boolean | null;
  /** As {@linkcode ConfigReader.choice}. */
  choice<const T extends string>(
    key: string,
    choices: readonly T[],
    fallback?: NoInfer<T> | null,
  ): T | null;
  /** As {@linkcode ConfigReader.integers}. */
  integers(
    key: string,
    fallback?: number | readonly number[] | null,
    options?: Range & ListLength,
  ): readonly number[] | null;
  /** As {@linkcode ConfigReader.integerLists}. */
  integerLists(
    key: string,
    fallback?: number | readonly number[] | null,
    options?: Range & ListLength,
  ): readonly (number | readonly number[])[] | null;
  /** As {@linkcode ConfigReader.numbers}. */
  numbers(
    key: string,
    fallback?: number | readonly number[] | null,
    options?: Range & ListLength,
  ): readonly number[] | null;
}

/**
 * A configuration of which each key is asked for once.
 *
 * Every reader takes the key's default; without one, the key is required. All throw
 * {@linkcode ModelError} naming the file, the key, its value and what is wanted.
 */
export interface ConfigReader {
  /** Where the configuration comes from, for messages. */
  readonly path: string;
  /** The same for keys that may be null. */
  readonly nullable: NullableReader;
  /** Whether the key is there, null or not. Does not count as asking for it. */
  has(key: string): boolean;
  /** Whether the key's value is a list. Does not count as asking for it. */
  isList(key: string): boolean;
  /** A safe integer, by default at least 1. */
  integer(key: string, fallback?: number, range?: Range): number;
  /** A finite number. */
  number(key: string, fallback?: number, range?: Range): number;
  /** A string. */
  string(key: string, fallback?: string): string;
  /** True or false. */
  flag(key: string, fallback?: boolean): boolean;
  /** One of several strings. */
  choice<const T extends string>(key: string, choices: readonly T[], fallback?: NoInfer<T>): T;
  /** A list of integers. */
  integers(
    key: string,
    fallback?: number | readonly number[],
    options?: Range & ListLength,
  ): readonly number[];
  /** A list whose items are integers or lists of integers. */
  integerLists(
    key: string,
    fallback?: number | readonly number[],
    options?: Range & ListLength,
  ): readonly (number | readonly number[])[];
  /** A list of finite numbers. */
  numbers(
    key: string,
    fallback?: number | readonly number[],
    options?: Range & ListLength,
  ): readonly number[];
  /** A list of booleans. */
  flags(
    key: string,
    fallback?: boolean | readonly boolean[],
    options?: ListLength,
  ): readonly boolean[];
  /** A list of strings of which each is one of several. */
  choices<const T extends string>(
    key: string,
    choices: readonly T[],
    options?: ListLength & { readonly fallback?: readonly NoInfer<T>[] },
  ): readonly T[];
  /** A configuration within this one. Its keys count for {@linkcode ConfigReader.done} of this one. */
  section(key: string): ConfigReader;
  /** An option that may be absent or have one of these values: `only("dropout", [0])`. */
  only(key: string, allowed: readonly JsonValue[]): void;
  /** Options that may be absent or have this value: `expect({ dropout: 0, scale: null })`. */
  expect(settings: Readonly<Record<string, JsonValue>>): void;
  /** Keys that change nothing that is computed, whatever they say. */
  ignore(...keys: readonly string[]): void;
  /** The error for a fault that no reader sees: `c.error("heads", "but must divide 320")`. */
  error(key: string, problem: string): ModelError;
  /** Keys not asked for yet that could matter: not null, and not beginning with `_`. */
  unread(): readonly string[];
  /**
   * Ends the reading.
   *
   * Null is how an option is switched off, so a key that nobody knows may be null.
   *
   * @throws {ModelError} Listing every key that was never asked for.
   */
  done(): void;
}

/** What a value is parsed with: `undefined` is "not that". */
type Parse<T> = (value: JsonValue) => T | undefined;

/**
 * Begins to read a configuration.
 *
 * @example
 * ```ts
 * import { config } from "./config_reader.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const json = { _class_name: "Net", channels: [32, 64], heads: 4, dropout: 0.0 };
 * const c = config(json, "net/config.json");
 * c.choice("_class_name", ["Net"]);
 * const channels = c.integers("channels");
 * const heads = c.integers("heads", 8, { per: "channels", broadcast: true });
 * const groups = c.nullable.integer("groups");
 * c.expect({ dropout: 0 });
 * c.done();
 * assertEquals({ channels, heads, groups }, { channels: [32, 64], heads: [4, 4], groups: null });
 * ```
 *
 * @param path The file's path, for messages.
 * @throws {ModelError} If `json` is not an object.
 */
export function config(json: JsonValue, path: string): ConfigReader {
  if (!isObject(json)) {
    throw new ModelError(`Cannot use ${path}: it is ${display(json)}; it must be an object`);
  }
  return reader(json, path);
}

function reader(json: JsonObject, path: string): ConfigReader {
  // A map: a key may be called `__proto__`, and one that is absent must not find what objects have.
  const values = new Map(Object.entries(json));
  const asked = new Set<string>();
  const lengths = new Map<string, number>();
  const sections = new Map<string, ConfigReader>();

  const error = (key: string, problem: string): ModelError =>
    new ModelError(
      values.has(key)
        ? `Cannot use ${path}: ${key} is ${display(values.get(key))}, ${problem}`
        : `Cannot use ${path}: ${key}, which is not given, ${problem}`,
    );

  function read<T>(key: string, fallback: T | undefined, parse: Parse<T>, wanted: string): T {
    asked.add(key);
    const value = values.get(key);
    if (value === undefined) {
      if (fallback !== undefined) return fallback;
      throw new ModelError(`Cannot use ${path}: it has no ${key}, which must be ${wanted}`);
    }
    const parsed = parse(value);
    if (parsed === undefined) throw error(key, `but must be ${wanted}`);
    return parsed;
  }

  function list<T>(
    key: string,
    fallback: T | readonly T[] | undefined,
    kind: { item: Parse<T>; wanted: string; options: ListLength },
  ): readonly T[] {
    const { item, wanted, options } = kind;
    const size = options.length ??
      (options.per === undefined ? undefined : lengths.get(options.per));
    if (options.per !== undefined && size === undefined) {
      throw new TypeError(
        `Cannot read ${key} of ${path} per ${options.per}: that was not read yet`,
      );
    }
    const spread = (one: T): readonly T[] => new Array<T>(size ?? 1).fill(one);
    const all = (items: readonly JsonValue[]): readonly T[] | undefined => {
      const parsed = items.map(item).filter((one) => one !== undefined);
      return parsed.length === items.length ? parsed : undefined;
    };
    const defaults = fallback === undefined
      ? undefined
      : Array.isArray(fallback)
      ? fallback as readonly T[]
      : spread(fallback as T);
    const result = read(key, defaults, (value) => {
      if (Array.isArray(value)) return all(value);
      const one = options.broadcast ? item(value) : undefined;
      return one === undefined ? undefined : spread(one);
    }, options.broadcast ? `${wanted}, or one of them` : wanted);
    if (size !== undefined && result.length !== size) {
      throw error(
        key,
        options.per === undefined
          ? `but must have ${size} items`
          : `but must have as many items as ${options.per}: ${display(values.get(options.per))}`,
      );
    }
    if (result.length === 0) throw error(key, "but must not be empty");
    lengths.set(key, result.length);
    return result;
  }

  const nullable: NullableReader = {
    integer: (key, fallback = null, range = {}) =>
      read(key, fallback, orNull(integer(range)), `null or ${integerWords(range)}`),
    number: (key, fallback = null, range = {}) =>
      read(key, fallback, orNull(number(range)), `null or ${numberWords(range)}`),
    string: (key, fallback = null) => read(key, fallback, orNull(string), "null or a string"),
    flag: (key, fallback = null) => read(key, fallback, orNull(flag), "null, true or false"),
    choice: <const T extends string>(
      key: string,
      choices: readonly T[],
      fallback: NoInfer<T> | null = null,
    ): T | null =>
      read<T | null>(key, fallback, orNull(choice(choices)), `null or ${choiceWords(choices)}`),
    integers: (key, fallback = null, options = {}) =>
      isNull(key, fallback) ? null : self.integers(key, fallback ?? undefined, options),
    integerLists: (key, fallback = null, options = {}) =>
      isNull(key, fallback) ? null : self.integerLists(key, fallback ?? undefined, options),
    numbers: (key, fallback = null, options = {}) =>
      isNull(key, fallback) ? null : self.numbers(key, fallback ?? undefined, options),
  };

  function isNull(key: string, fallback: unknown): boolean {
    asked.add(key);
    return values.has(key) ? values.get(key) === null : fallback === null;
  }

  const self: ConfigReader = {
    path,
    nullable,
    error,
    has: (key) => values.has(key),
    isList: (key) => Array.isArray(values.get(key)),
    integer: (key, fallback, range = {}) =>
      read(key, fallback, integer(range), integerWords(range)),
    number: (key, fallback, range = {}) => read(key, fallback, number(range), numberWords(range)),
    string: (key, fallback) => read(key, fallback, string, "a string"),
    flag: (key, fallback) => read(key, fallback, flag, "true or false"),
    choice: <const T extends string>(
      key: string,
      choices: readonly T[],
      fallback?: NoInfer<T>,
    ): T => read<T>(key, fallback, choice(choices), choiceWords(choices)),
    integers: (key, fallback, options = {}) =>
      list(key, fallback, {
        item: integer(options),
        wanted: `a list, each item ${integerWords(options)}`,
        options,
      }),
    integerLists: (key, fallback, options = {}) =>
      list<number | readonly number[]>(key, fallback, {
        item: (value) => integer(options)(value) ?? integerList(options)(value),
        wanted: `a list, each item ${integerWords(options)} or a list of such`,
        options,
      }),
    numbers: (key, fallback, options = {}) =>
      list(key, fallback, {
        item: number(options),
        wanted: `a list, each item ${numberWords(options)}`,
        options,
      }),
    flags: (key, fallback, options = {}) =>
      list(key, fallback, { item: flag, wanted: "a list of true and false", options }),
    choices: <const T extends string>(
      key: string,
      choices: readonly T[],
      options: ListLength & { readonly fallback?: readonly NoInfer<T>[] } = {},
    ): readonly T[] =>
      list<T>(key, options.fallback, {
        item: choice(choices),
        wanted: `a list, each item ${choiceWords(choices)}`,
        options,
      }),
    section(key) {
      const open = sections.get(key);
      if (open !== undefined) return open;
      const object = read<JsonObject>(
        key,
        undefined,
        (value) => isObject(value) ? value : undefined,
        "an object",
      );
      const opened = reader(object, `${path}, ${key}`);
      sections.set(key, opened);
      return opened;
    },
    only(key, allowed) {
      asked.add(key);
      const value = values.get(key);
      if (value === undefined || allowed.some((one) => same(one, value))) return;
      throw error(key, `which is not supported; supported is ${allowed.map(display).join(", ")}`);
    },
    expect(settings) {
      for (const [key, value] of Object.entries(settings)) self.only(key, [value]);
    },
    ignore(...keys) {
      for (const key of keys) asked.add(key);
    },
    unread() {
      const own = [...values.keys()].filter((key) =>
        !asked.has(key) && !key.startsWith("_") && values.get(key) !== null
      );
      const inner = [...sections].flatMap(([key, section]) =>
        section.unread().map((name) => `${key}.${name}`)
      );
      return [...own, ...inner];
    },
    done() {
      const unread = self.unread();
      if (unread.length === 0) return;
      const each = unread.slice(0, 20).map((key) =>
        values.has(key) ? `${key} = ${display(values.get(key))}` : key
      );
      const more = unread.length > 20 ? ` and ${unread.length - 20} more` : "";
      throw new ModelError(
        `Cannot use ${path}: it sets what is not known here: ${each.join("; ")}${more}`,
      );
    },
  };
  return self;
}

function orNull<T>(parse: Parse<T>): Parse<T | null> {
  return (value) => value === null ? null : parse(value);
}

function integer({ min = 1, max = 2 ** 24 }: Range): Parse<number> {
  return (value) => Number.isSafeInteger(value) ? within(value as number, min, max) : undefined;
}

function integerList(range: Range): Parse<readonly number[]> {
  const item = integer(range);
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const items = value.map(item).filter((one) => one !== undefined);
    return items.length === value.length ? items : undefined;
  };
}

function number({ min = -Infinity, max = Infinity }: Range): Parse<number> {
  return (value) => Number.isFinite(value) ? within(value as number, min, max) : undefined;
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

const string: Parse<string> = (value) => typeof value === "string" ? value : undefined;

const flag: Parse<boolean> = (value) => typeof value === "boolean" ? value : undefined;

function choice<T extends string>(choices: readonly T[]): Parse<T> {
  return (value) => choices.find((one) => one === value);
}

function integerWords({ min = 1, max = 2 ** 24 }: Range): string {
  return `an integer from ${min} to ${max}`;
}

function numberWords({ min, max }: Range): string {
  const bounds = [
    min === undefined ? "" : ` from ${min}`,
    max === undefined ? "" : ` up to ${max}`,
  ];
  return `a finite number${bounds.join("")}`;
}

function choiceWords(choices: readonly string[]): string {
  return choices.length === 1 ? display(choices[0]) : `one of ${choices.map(display).join(", ")}`;
}

function same(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  return false;
}
