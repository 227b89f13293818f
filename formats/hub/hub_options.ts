/**
 * Settings of the hub.
 *
 * @module
 */

/** Bytes of a file that is being fetched. */
export interface HubProgress {
  /** The file in the model. */
  readonly path: string;
  /** Bytes on the disk, those of an earlier attempt too. */
  readonly loaded: number;
  /** Bytes that the file has. */
  readonly total: number;
}

/** How long to wait and how often to try. */
export interface HubPatience {
  /** Milliseconds without a byte after which a connection is given up. Default: 30 000. */
  readonly stall?: number;
  /** How often in a row a request may fail, with less than 1 MiB gained. Default: 5. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; twice as many before each further one. Default: 500. */
  readonly pause?: number;
}

/** Settings of `openHub`. */
export interface HubOptions {
  /** The Hugging Face cache: the folder with `models--owner--name` in it. It is made if need be. */
  readonly cacheDir: string;
  /** The hub's address. Default: `https://huggingface.co`. */
  readonly endpoint?: string | URL;
  /** An access token. It is sent to the endpoint and nowhere else. */
  readonly token?: string;
  /** Reads what is in the cache, and asks no server. Default: false. */
  readonly offline?: boolean;
  /** What to use in place of the global `fetch`. It has to heed the signal and `redirect: "manual"`. */
  readonly fetch?: typeof fetch;
  /** Ends all transfers. What has arrived is kept, and the next attempt goes on from there. */
  readonly signal?: AbortSignal;
  /** Hears of transfers; not of files that are in the cache. */
  readonly onProgress?: (progress: HubProgress) => void;
  /** How long to wait and how often to try. */
  readonly patience?: HubPatience;
}
