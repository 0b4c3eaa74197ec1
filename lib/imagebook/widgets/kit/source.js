// Which picture a figure works on: one that the state names, or one that the reader opens, which is never state.

import { button } from "./controls.js";
import { decode, fileButton } from "./pixels.js";
import { say } from "./text.js";

/**
 * Return a button that opens the reader's picture and one that puts it away. `use(picture, own)` gets a
 * {height, width, data}, now and whenever it changes; `own` says whether it is the reader's.
 *   name         what of the state names a picture
 *   make(value)  return that picture, or a promise of it
 */
export function pictureSource(context, name, { make, use, side = 256, label }) {
  let own = null;
  let turn = 0;
  const show = async () => {
    const mine = ++turn; // a slow picture must not replace one that was asked for later
    away.hidden = own === null;
    try {
      const picture = own ?? (await make(context.get(name)));
      if (mine === turn) use(picture, own !== null);
    } catch (error) {
      context.notice(error.message);
    }
  };
  const change = (picture) => {
    own = picture;
    show();
  };
  const file = fileButton(context, change, { side, label });
  const away = button(say("Put my picture away"), () => (context.notice(""), change(null)));
  context.clean(() => (turn = -1));
  context.watch([name], () => change(null));
  file.append(away);
  file.setAttribute("class", "ib-tools");
  return file;
}

/** Return a function that decodes the photographs among a figure's assets, each once. */
export function photographs(context, side = 256) {
  const decoded = {};
  return (name) => (decoded[name] ??= decode(context.tensors[name].jpeg.data, side));
}
