import { assertEquals } from "@std/assert";
import { checkLine } from "./check_report.ts";

const worst = {
  op: "conv2d",
  site: "conv_in",
  shapes: { inputs: [[1, 4, 8, 8]], output: [1, 32, 8, 8] },
  index: 3,
  actual: 1,
  expected: 1.25,
  difference: 0.25,
  bound: 2,
};

Deno.test("the worst operator is named, with its share of the bound", () => {
  assertEquals(
    checkLine({ nodes: 12, worst, growth: [] }),
    "Checked 12 operators: the worst is conv2d at conv_in, [1, 32, 8, 8], 2.5e-1 apart, " +
      "12.5% of what rounding may do.",
  );
  const tiny = { ...worst, site: "", difference: 1e-9 };
  assertEquals(
    checkLine({ nodes: 12, worst: tiny, growth: [] }),
    "Checked 12 operators: the worst is conv2d at the top, [1, 32, 8, 8], 1.0e-9 apart, " +
      "less than 0.1% of what rounding may do.",
  );
});

Deno.test("where nothing was compared, or all is equal, that is said", () => {
  assertEquals(checkLine({ nodes: 0, growth: [] }), "Checked nothing: no operator was run.");
  assertEquals(
    checkLine({ nodes: 1, worst: { ...worst, difference: 0, bound: 0 }, growth: [] }),
    "Checked 1 operator: the worst is conv2d at conv_in, [1, 32, 8, 8], equal.",
  );
});
