import { isText, type Answer, type AnswerText } from "../read/answer.ts";
import { inOnePiece } from "./text.ts";

/**
 * Puts answers that are text already into the messages of graphql-ws, which makes a string of each message itself, and hands it over in the same turn:
 *
 *   payload(text) ──▶ graphql-ws: JSON.stringify({ id, type, payload }) ──toJSON notes the text, and gives null──▶ `{"id":…,"type":"next","payload":null}`
 *                                                                        ──▶ frame(message): the text takes the place of that null
 *
 * The payload stands last, so its place is known by the message's end, whatever an id or another payload may contain. One of these for each socket.
 */
export interface Frames {
  /** What graphql-ws is to send as the payload of this answer; undefined: the answer itself. */
  payload(answer: Answer): object | undefined;
  /** What leaves for a message of graphql-ws. */
  frame(message: string): string | Buffer;
}

const PLACE = "null}";

export function createFrames(): Frames {
  let noted: AnswerText | undefined;
  return {
    payload: (answer) =>
      isText(answer)
        ? {
            toJSON: () => {
              noted = answer;
              return null;
            },
          }
        : undefined,
    frame(message) {
      if (!noted) return message;
      const text = noted;
      noted = undefined;
      if (!message.endsWith(`"payload":${PLACE}`)) throw new Error("graphql-ws writes its messages in another form");
      return inOnePiece(text, message.slice(0, -PLACE.length), "}");
    },
  };
}
