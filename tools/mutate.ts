/**
 * Damages good files and opens them, as often as wanted: each has to be read or refused.
 *
 *     deno task mutate 100000
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { runMutations } from "../tests/run_mutations.ts";

if (import.meta.main) {
  const [count = 100_000, first = 1] = Deno.args.map(Number);
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(first)) {
    console.error("Cannot run: usage is deno task mutate [COUNT [FIRST_SEED]]");
    Deno.exit(2);
  }
  const started = performance.now();
  const { read, refused, failures, slowest, classes } = await runMutations(count, {
    first,
    onRound(round) {
      if (round % 10_000 === 9_999) {
        const { rss } = Deno.memoryUsage();
        console.error(`${round + 1} of ${count}, ${Math.round(rss / 1e6)} MB`);
      }
    },
  });
  for (const failure of failures) console.log(failure);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${count} files in ${seconds} s: ${read} read, ${refused} refused`);
  console.log([...classes].map(([name, times]) => `${times} ${name}`).join(", "));
  console.log(`the slowest took ${Math.round(slowest[0])} ms: ${slowest[1]}`);
  console.log(`${failures.length} failures`);
  if (failures.length > 0) Deno.exit(1);
}
