import type { EditorNodeProperties } from 'node-red'
import { cleanText } from '../clean'
import { isReference, NUMBERS, readNumber } from '../rules'
import type { EditorNode, Validator, Verdict } from './dialog.editor'

/** Judges the value of a field; undefined where a flow leaves it to the default. */
type Judge<T extends EditorNodeProperties> = (
  node: EditorNode<T>,
  value: string | undefined,
) => Verdict

/**
 * A validator as the editor calls it. It must have both parameters: the editor takes a text as a
 * reason only from such a validator.
 */
export function validator<T extends EditorNodeProperties>(judge: Judge<T>): Validator<T> {
  return function (value, _options) {
    return judge(this, value)
  }
}

/**
 * A text must keep a rule, unless it is a reference to an environment variable.
 * @param field its reason stands below `check` in the catalog
 * @param rule sees the text without what was typed or pasted around it
 * @param blank what a flow that leaves the property out has
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

/** A number must be within its bounds; blank is the default. */
export function number<T extends EditorNodeProperties>(field: keyof typeof NUMBERS): Validator<T> {
  return validator((node, value = '') => {
    const isFine = value === '' || isReference(value) || isNumber(value, field)
    return isFine || node._(`check.${field}`)
  })
}

function isNumber(value: string, field: keyof typeof NUMBERS): boolean {
  return readNumber(value, NUMBERS[field]) !== undefined
}
