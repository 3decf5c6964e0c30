import type { EditorNodeDef, EditorNodeInstance, EditorNodeProperties, EditorRED } from 'node-red'
import { isReference } from '../rules'

/** Fine, or what is wrong with it, in words for a tooltip. */
export type Verdict = true | string

/** A node in the editor. */
export type EditorNode<T extends EditorNodeProperties> = EditorNodeInstance<T> & {
  /** Known only after the dialog was open or the key was set, and only until the next deploy. */
  credentials?: Record<string, unknown>
  /** Not deployed as it is. */
  changed?: boolean
}

/** Any node of the flows, as far as we look at others. */
interface StoredNode extends Record<string, unknown> {
  id: string
  type: string
}

/** Says what is wrong with a value, see `validator` in validate.editor. */
export type Validator<T extends EditorNodeProperties> = (
  this: EditorNode<T>,
  value: string,
  options: object,
) => Verdict

/** A property of a node, with what Node-RED 4 takes and `@types/node-red` does not know. */
interface Property<T extends EditorNodeProperties, V> {
  value: V
  required?: boolean
  /** Type of the config node that the property points to. */
  type?: string
  /** What the editor's own reasons call the property. */
  label?: string
  validate?: Validator<T>
}

interface Credential<T extends EditorNodeProperties> {
  type: 'text' | 'password'
  /** Runs in the dialog only: for a node outside of it the editor does not look at credentials. */
  validate?: Validator<T>
}

interface Definition<T extends EditorNodeProperties>
  extends Omit<EditorNodeDef<T>, 'defaults' | 'credentials'> {
  defaults: { [K in keyof T]: Property<T, T[K]> }
  credentials?: Record<string, Credential<T>>
}

declare global {
  /** The parts of the editor that we use, see `@types/node-red` for all of it. */
  const RED: Pick<EditorRED, '_'> & {
    nodes: {
      registerType<T extends EditorNodeProperties>(type: string, def: Definition<T>): void
      node(id: string): StoredNode | null
      eachNode(visit: (node: StoredNode) => void): void
    }
    settings: {
      /** The root path of HTTP nodes; false: there are none. */
      httpNodeRoot?: string | false
    }
    utils: { validateTypedProperty(value: string, type: string, options: object): Verdict }
    /** The nodes whose dialogs are open, one on top of the other. */
    editor: { getEditStack(): object[] }
    /** Works without a secure context, too; says by the element that it is done. */
    clipboard: { copyText(text: string, element: JQuery, message: string): boolean }
  }
}

/**
 * Takes off what was typed or pasted around the values of a form, when it is saved: what is stored
 * is clean.
 * @param rules what is taken off, for each field
 */
export function cleanFields(prefix: string, rules: Record<string, (text: string) => string>): void {
  for (const [field, clean] of Object.entries(rules)) {
    const input = $(`#${prefix}-${field}`)
    const text = `${input.val() ?? ''}`
    const cleaned = clean(text)
    if (cleaned !== text) input.val(cleaned)
  }
}

/** Whether the dialog of a node is open, so that its form says more than the node does. */
export function isOpen<T extends EditorNodeProperties>(node: EditorNode<T>): boolean {
  return RED.editor.getEditStack().includes(node)
}

/** Shows the defaults of what a flow, written by hand or by an older version, does not have. */
export function fillIn<T extends object>(node: T, defaults: T, prefix: string): void {
  for (const key of Object.keys(defaults) as (keyof T & string)[]) {
    const value = defaults[key]
    if (value !== '' && node[key] === undefined) $(`#${prefix}-${key}`).val(String(value))
  }
}

/** Lets a select show a reference to an environment variable, which a flow may hold. */
export function keepReference(select: JQuery, value: string | undefined): void {
  if (value && isReference(value)) select.append(new Option(value, value, true, true))
}
