import type { EditorNodeProperties, EditorWidgetTypedInputOptions } from 'node-red'
import { cleanChannel, cleanText } from '../clean'
import { isReference } from '../rules'
import { cleanFields, type EditorNode, isOpen, type Validator } from './dialog.editor'
import { validator } from './validate.editor'

type EditorTypes = EditorWidgetTypedInputOptions['types']

/** Where a value can come from. */
export const SOURCES = ['msg', 'flow', 'global', 'str', 'env', 'jsonata'] as const

/** The same for a field that offers a fixed text first. */
export const TEXT_FIRST = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'] as const

/** A typed input of a dialog. */
export interface TypedField {
  /** The types that it offers, `str` for a fixed text; set here or in {@link TypedInputs.prepare}. */
  types?: EditorTypes
  /** Cleans a fixed text. */
  clean(text: string): string
  /** Whether a fixed text, once clean, is valid. */
  isFine(text: string): boolean
  /** Whether it may be blank. */
  optional?: boolean
}

/** The typed inputs of a node by their properties; the type is in `<property>Type`. */
export class TypedInputs<T extends EditorNodeProperties, F extends keyof T & string> {
  readonly #fields: Record<F, TypedField>
  readonly #defaults: T

  constructor(fields: Record<F, TypedField>, defaults: T) {
    this.#fields = fields
    this.#defaults = defaults
  }

  /** The error texts are below `check` in the catalog; `<field>Missing` for a blank field. */
  validator(field: F): Validator<T> {
    const { clean, isFine, optional } = this.#fields[field]
    return validator((node, value = `${this.#defaults[field]}`) => {
      const text = cleanText(value)
      if (text === '') return optional === true || node._(`check.${field}Missing`)
      const type = this.typeOf(node, field)
      if (type !== 'str') {
        return RED.utils.validateTypedProperty(text, type, { label: node._(`label.${field}`) })
      }
      return isReference(text) || isFine(clean(text)) || node._(`check.${field}`)
    })
  }

  /** What the form shows while it is open, else what is stored. */
  typeOf(node: EditorNode<T>, field: F): string {
    const property = `${field}Type`
    const shown = isOpen(node) && $(`#node-input-${property}`).val()
    const stored = (node as Record<string, unknown>)[property]
    return `${shown || (stored ?? this.#defaults[property as keyof T])}`
  }

  /** Turns the fields into typed inputs. @param types of fields whose choices need the catalog */
  prepare(types: Partial<Record<F, EditorTypes>> = {}): void {
    for (const field of Object.keys(this.#fields) as F[]) {
      $(`#node-input-${field}`).typedInput({
        types: types[field] ?? this.#fields[field].types ?? [],
        typeField: `#node-input-${field}Type`,
      })
    }
  }

  /** Cleans the fixed texts, so that stored values are clean. */
  clean(): void {
    const rules = Object.entries<TypedField>(this.#fields).map(([field, { clean }]) => {
      const isFixed = $(`#node-input-${field}Type`).val() === 'str'
      return [field, isFixed ? clean : cleanText]
    })
    cleanFields('node-input', Object.fromEntries(rules))
  }
}

/**
 * The types of a channel; a fixed one is chosen from a list. A stored channel that is not in the list
 * is added: otherwise opening the dialog would change it.
 */
export function channelTypes<T extends EditorNodeProperties & { channel: string }>(
  node: EditorNode<T>,
  channels: readonly string[],
): EditorTypes {
  const options = channels.map((value) => ({ value, label: node._(`channel.${value}`) }))
  if ($('#node-input-channelType').val() === 'str') {
    const { channel = '' } = node
    const isKnown = channels.includes(cleanChannel(channel))
    if (isKnown) cleanFields('node-input', { channel: cleanChannel })
    else if (channel) options.push({ value: channel, label: channel })
  }
  const fixed = { value: 'str', label: node._('channel.fixed'), options }
  return [fixed, 'msg', 'flow', 'global', 'env', 'jsonata']
}
