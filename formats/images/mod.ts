/**
 * Pictures in and out: PNG and JPEG files, the text in them, resizing, and the tensors that
 * autoencoders take and give.
 *
 * PNG is our own code; JPEG loads when it is first needed (see {@linkcode jpegCodec}).
 *
 * @module
 */
export type { DecodeOptions } from "./decode_options.ts";
export { decodePicture, readOrientation } from "./decode_picture.ts";
export { encodeJpeg, type JpegOptions } from "./encode_jpeg.ts";
export { encodePng, type PngOptions } from "./encode_png.ts";
export {
  formatInfotext,
  parseInfotext,
  readSettings,
  type Settings,
  settingsText,
} from "./infotext.ts";
export { pictureGrid } from "./grid.ts";
export { type JpegCodec, jpegCodec, type JpegPixels } from "./jpeg_codec.ts";
export type { ImageLimits } from "./limits.ts";
export { checkPicture, ImageError, type Picture } from "./picture.ts";
export { readPngText } from "./png_text.ts";
export { resize, type ResizeFilter, type ResizeOptions } from "./resize.ts";
export { type Orientation, upright } from "./upright.ts";
export {
  convertPicture,
  postprocess,
  preprocessPictures,
  preprocessTensor,
  type VaeImageOptions,
} from "./vae_image_processor.ts";
