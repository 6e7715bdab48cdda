/** Where the interpreter puts what it loaded for a field of a row: by response key, so that two aliases of one field don't meet. */
export const slotOf = (responseKey: string): string => `@${responseKey}`;

/** Put into a slot in place of a value: the field answers with this error, at its own place. */
export class SlotError {
  readonly error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}

/** The concrete type of a row at a place where several are possible. */
export const TYPE_NAME = "@type";
