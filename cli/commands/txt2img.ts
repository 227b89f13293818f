/**
 * `denoise txt2img`: a prompt to picture files.
 *
 * @module
 */
import { checkWritable, writeFiles } from "../../formats/write_file.ts";
import { type Backend, encodePicture, type Model, pipeline, type StepEvent } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { BACKEND_OPTION, openBackend } from "../backend_argument.ts";
import { type Command, EXIT } from "../command.ts";
import { interruptible } from "../interrupt.ts";
import { outputNames } from "../output_names.ts";
import type { Console } from "../terminal/console.ts";
import { showProgress } from "../terminal/progress.ts";
import { UsageError } from "../usage_error.ts";
