/**
 * The text of the field that an event comes from.
 */

/** Returns the text; empty for an event of anything else. */
export function fieldValue({ currentTarget: field }: Event): string {
  return field instanceof HTMLInputElement ||
    field instanceof HTMLSelectElement ||
    field instanceof HTMLTextAreaElement
    ? field.value
    : ''
}
