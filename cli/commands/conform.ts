/**
 * `denoise conform`: golden files, or the op cases, on a backend.
 *
 * @module
 */
import { type CaseResult, conform as runCases, type ConformReport } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { BACKEND_OPTION, isModule, openBackend } from "../backend_argument.ts";
import { type Command, EXIT } from "../command.ts";
import { given } from "../given.ts";
import type { Console } from "../terminal/console.ts";
import { formatTable } from "../terminal/table.ts";
import { UsageError } from "../usage_error.ts";

/** Runs golden files. */
export const conform: Command = {
  name: "conform",
  summary: "check a backend against golden files, or without them against the reference",
  operands: "[ROOT]",
  options: [
    { name: "group", value: "A,B", help: "only these folders of ROOT: ops, rng, …" },
    { name: "kind", value: "A,B", help: "only these kinds of cases: conv2d, unet, …" },
    BACKEND_OPTION,
    { name: "heavy", help: "also cases that take long" },
    { name: "strict", help: "a case that is not supported counts as failed" },
    { name: "json", help: "one JSON object on stdout instead of a table" },
  ],
  notes: [
    "The exit code is 0 if at least one case passed and none failed. The backend named reference is",
    "held to narrower bounds than others.",
  ],
  run,
};

async function run(args: Arguments, console: Console): Promise<number> {
  const [root = null, extra] = args.operands;
  if (extra !== undefined) {
    throw new UsageError(`Cannot use the argument ${JSON.stringify(extra)}: there is one ROOT`);
  }
  const choice = args.text("backend") ?? "reference";
  await using backend = (await openBackend(choice)).backend;
  const counts = { passed: 0, failed: 0, unsupported: 0 };
  const report = await runCases(root, {
    backend,
    exact: !isModule(choice) && backend.name === "reference",
    heavy: args.flag("heavy"),
    ...given({ groups: args.list("group"), kinds: args.list("kind") }),
    onCase: (result) => {
      counts[result.status]++;
      console.status(
        statusLine(result, counts).slice(0, Math.max(0, console.columns - 1)),
      );
    },
  });
  console.status("");
  if (args.flag("json")) console.print(JSON.stringify(report));
  else for (const line of reportLines(report, console)) console.print(line);
  return exitCode(report, args.flag("strict"));
}

type Counts = Readonly<Record<CaseResult["status"], number>>;

function statusLine({ group, file }: CaseResult, counts: Counts): string {
  return `${countsText(counts)}  ${group}/${file}`;
}

/** `12 passed, 0 failed, 3 not supported`. */
function countsText({ passed, failed, unsupported }: Counts): string {
  return `${passed} passed, ${failed} failed, ${unsupported} not supported`;
}

/** A table of the cases and a line that sums them up. */
export function reportLines(
  report: ConformReport,
  { hasColour }: { readonly hasColour: boolean },
): string[] {
  const rows = report.cases.map((result) => [
    result.group,
    result.file,
    result.kind,
    result.status === "unsupported" ? "not supported" : result.status,
    magnitude(result.worst),
    magnitude(result.bound),
    result.status === "passed" ? "" : result.detail.replaceAll(/\s+/g, " "),
  ]);
  const header = ["group", "file", "kind", "status", "worst", "bound", "where"];
  const [first, ...lines] = formatTable([header, ...rows]);
  const painted = lines.map((line, at) => hasColour ? paint(line, report.cases[at]!.status) : line);
  return [
    ...(rows.length === 0 ? [] : [first!, ...painted, ""]),
    `${report.backend}: ${countsText(report)}`,
  ];
}

function magnitude(number: number | null): string {
  return number === null ? "-" : number === 0 ? "0" : number.toExponential(1);
}

/** Red for what failed, dim for what is not supported (ECMA-48, SGR). */
function paint(line: string, status: CaseResult["status"]): string {
  switch (status) {
    case "passed":
      return line;
    case "failed":
      return `\x1b[31m${line}\x1b[0m`;
    case "unsupported":
      return `\x1b[2m${line}\x1b[0m`;
  }
}

/** A run that shows nothing is no success. */
export function exitCode({ passed, failed, unsupported }: Counts, strict: boolean): number {
  const isGood = passed > 0 && failed === 0 && !(strict && unsupported > 0);
  return isGood ? EXIT.done : EXIT.failed;
}
