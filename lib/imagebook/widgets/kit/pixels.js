// Pictures: shown as pixels, and taken from the reader without leaving the machine.

import { element } from "./dom.js";
import { say } from "./text.js";

/**
 * Return {element, draw, read} of a canvas that shows `height` x `width` pixels, each as a sharp square.
 * `draw(data, {channels, signed, low, high})`: grey values from low to high (0 and 1 unless told), three channels of
 * colour, or, `signed`, from -high to high with 0 as the paper's colour. `label` says what it shows. `read()` returns what
 * was drawn last: {height, width, channels, data}.
 */
export function pixelCanvas({ height, width, label }) {
  const canvas = element("canvas", { class: "ib-pixels", height, width, role: "img", "aria-label": label });
  const context = canvas.getContext("2d");
  let image = null;
  let shown = null;
  const draw = (data, { channels = 1, signed = false, low = 0, high = 1 } = {}) => {
    shown = { channels, data };
    if (image === null || image.height !== canvas.height || image.width !== canvas.width) image = context.createImageData(canvas.width, canvas.height);
    const bytes = image.data;
    const scale = 255 / (high - low || 1);
    for (let pixel = 0, place = 0; place < bytes.length; pixel += channels, place += 4) {
      if (signed) {
        const value = Math.max(-1, Math.min(1, data[pixel] / (high || 1)));
        const [red, green, blue] = value < 0 ? SECOND : FIRST;
        const part = Math.abs(value);
        bytes[place] = 255 + (red - 255) * part;
        bytes[place + 1] = 255 + (green - 255) * part;
        bytes[place + 2] = 255 + (blue - 255) * part;
      } else {
        bytes[place] = (data[pixel] - low) * scale;
        bytes[place + 1] = channels === 1 ? bytes[place] : (data[pixel + 1] - low) * scale;
        bytes[place + 2] = channels === 1 ? bytes[place] : (data[pixel + 2] - low) * scale;
      }
      bytes[place + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  };
  const resize = (newHeight, newWidth) => {
    canvas.height = newHeight;
    canvas.width = newWidth;
    image = null;
  };
  const read = () => ({ height: canvas.height, width: canvas.width, ...shown });
  return { element: canvas, draw, resize, read };
}

// Okabe and Ito's blue and vermilion, told apart by colour-blind readers too.
const FIRST = [0, 114, 178];
const SECOND = [213, 94, 0];

/** The largest file that is opened: above it a phone may run out of memory while it decodes. */
export const LARGEST_FILE = 60e6;

/**
 * Return {height, width, data} of an encoded picture (a Blob or a file's bytes), RGB from 0 to 1, in which no side is
 * longer than `side` pixels. The browser decodes and shrinks it outside of the page's own thread.
 */
export async function decode(source, side = 256) {
  const blob = source instanceof Blob ? source : new Blob([source]);
  if (blob.size > LARGEST_FILE) throw new Error(say("This file is larger than 60 MB."));
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    throw new Error(say("This file is not a picture that the browser can open."));
  }
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white"; // behind transparent pictures
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const bytes = context.getImageData(0, 0, width, height).data;
  const data = new Float32Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) data[3 * pixel + channel] = bytes[4 * pixel + channel] / 255;
  }
  return { height, width, data };
}

/** Return the brightness of a picture of three channels, as ITU-R BT.601 weighs them. */
export function toGrey({ height, width, data }) {
  const grey = Float32Array.from({ length: height * width }, (_, i) => 0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2]);
  return { height, width, data: grey };
}

/** Return a button that opens a picture from the reader's machine; `use` gets what `decode` returns. */
export function fileButton(context, use, { side = 256, label = say("Open a picture…") } = {}) {
  const input = element("input", {
    type: "file",
    accept: "image/*",
    class: "ib-hidden",
    tabindex: -1,
    "aria-hidden": "true",
    on: {
      change: async () => {
        const [file] = input.files;
        input.value = ""; // so that the same file can be opened again
        if (!file) return;
        context.notice("");
        try {
          use(await decode(file, side));
          context.notice(say("Your picture stays on this machine."));
        } catch (error) {
          context.notice(error.message);
        }
      },
    },
  });
  const button = element("button", { type: "button", text: label, on: { click: () => input.click() } });
  return element("span", {}, button, input);
}
