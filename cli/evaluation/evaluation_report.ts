/**
 * What the results of an evaluation come to.
 *
 * @module
 */
import { type AccuracyReport, accuracyReport } from "../../mod.ts";
import { plainText } from "../terminal/plain_text.ts";
import { formatTable } from "../terminal/table.ts";
import type { ResultRecord } from "./results_file.ts";

/** Labels up to which the whole confusion fits on a screen. */
const MOST_COLUMNS = 12;

/** Mistakes that are listed otherwise. */
const MOST_MISTAKES = 10;

/** What results come to. */
export interface EvaluationReport extends AccuracyReport {
  /** Pictures that could not be read, and why. */
  readonly failures: readonly { readonly image: string; readonly reason: string }[];
  /** Evaluations of the denoiser. */
  readonly evaluations: number;
  /** Time of the pictures, together. */
  readonly seconds: number;
}

/** Sums up results. */
export function evaluationReport(records: readonly ResultRecord[]): EvaluationReport {
  const answers = records.flatMap(({ truth, answer }) =>
    answer === undefined ? [] : [{ truth, answer }]
  );
  const sum = (of: (record: ResultRecord) => number | undefined) =>
    records.reduce((total, record) => total + (of(record) ?? 0), 0);
  return {
    ...accuracyReport(answers),
    failures: records.flatMap(({ image, failure }) =>
      failure === undefined ? [] : [{ image, reason: failure }]
    ),
    evaluations: sum(({ evaluations }) => evaluations),
    seconds: sum(({ seconds }) => seconds),
  };
}

/** The report as text. */
export function reportLines(report: EvaluationReport): readonly string[] {
  const { count, correct, accuracy, interval, meanPerClass, failures } = report;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  if (count === 0) return ["no picture was classified", ...failureLines(report)];
  return [
    ...formatTable([
      [
        "accuracy",
        `${percent(accuracy)} (${correct} of ${count}, +/- ${(100 * interval).toFixed(1)})`,
      ],
      ["mean per class", percent(meanPerClass)],
      ["evaluations", `${(report.evaluations / count).toFixed(0)} a picture`],
      ["time", `${(report.seconds / count).toFixed(2)} s a picture`],
    ]),
    "",
    ...confusionLines(report),
    ...(failures.length === 0 ? [] : ["", ...failureLines(report)]),
  ];
}

function failureLines({ failures }: EvaluationReport): readonly string[] {
  return failures.map(({ image, reason }) => plainText(`not read: ${image}: ${reason}`));
}

/** The confusion as a table, a row for each right label; of many labels the most frequent mistakes. */
function confusionLines({ labels, confusion, mistakes }: EvaluationReport): readonly string[] {
  if (labels.length <= MOST_COLUMNS) {
    return formatTable([
      ["right \\ answer", ...labels.map(plainText)],
      ...confusion.map((row, at) => [plainText(labels[at]!), ...row.map(String)]),
    ]);
  }
  return formatTable([
    ["right", "answer", "pictures"],
    ...mistakes.slice(0, MOST_MISTAKES).map(({ truth, answer, count }) => [
      plainText(truth),
      plainText(answer),
      String(count),
    ]),
  ]);
}
