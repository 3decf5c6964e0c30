import type { EditorNodeProperties } from 'node-red'
import { cleanText } from '../clean'
import { isReference, NUMBERS, readNumber } from '../rules'
import type { EditorNode, Validator, Verdict } from './dialog.editor'

/** Validates the value of a field; undefined where a flow omits it. */
type Judge<T extends EditorNodeProperties> = (
  node: EditorNode<T>,
  value: string | undefined,
) => Verdict

/**
 * A validator as the editor calls it. It must have both parameters: only then does the editor accept
 * a text as the reason.
 */
export function validator<T extends EditorNodeProperties>(judge: Judge<T>): Validator<T> {
  return function (value, _options) {
    return judge(this, value)
  }
}

/**
 * A text must follow a rule, unless it is a reference to an environment variable.
 * @param field key of the reason, below `check` in the catalog
 * @param rule gets the clean text
 * @param blank the value where a flow omits the property
 */
export function text<T extends EditorNodeProperties>(
  field: string,
  rule: (text: string) => boolean,
  blank = '',
): Validator<T> {
  return validator((node, value = blank) => {
    const clean = cleanText(value)
    return isReference(clean) || rule(clean) || node._(`check.${field}`)
  })
}

/** A number must be within its bounds; blank means the default. */
export function number<T extends EditorNodeProperties>(field: keyof typeof NUMBERS): Validator<T> {
  return validator((node, value = '') => {
    const isFine = value === '' || isReference(value) || isNumber(value, field)
    return isFine || node._(`check.${field}`)
  })
}

function isNumber(value: string, field: keyof typeof NUMBERS): boolean {
  return readNumber(value, NUMBERS[field]) !== undefined
}
